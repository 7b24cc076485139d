import type { ApiRequest } from "../api/checks.ts";
import type { Asker } from "./ask.ts";
import type { Check } from "./check.ts";
import { notConfigured } from "./check.ts";
import { ledger, type Ledger } from "./ledger.ts";
import { expectJson } from "./pointer.ts";
import { ms, plural, quoted } from "./words.ts";

const CREDENTIALS = new Set(["authorization", "cookie", "proxy-authorization", "x-api-key"]);

const one = async (
  book: Ledger,
  asker: Asker,
  request: ApiRequest,
): Promise<{ readonly noProof?: string; readonly latencyMs: number }> => {
  const what = quoted(request.name);
  const { method, path, headers = [], body, expect } = request;
  const credential = headers.find(({ name }) => CREDENTIALS.has(name.toLowerCase()));
  if (!asker.secure && credential !== undefined) {
    return {
      noProof: `Request ${what} would send the header ${credential.name} over http://, where anyone can read it; use https:// or remove the header.`,
      latencyMs: 0,
    };
  }
  const asked = await asker.ask({ method, path, headers, deadlineMs: 10_000, ...(body === undefined ? {} : { body }) });
  if ("trouble" in asked) {
    if (asked.trouble.at === "runner") return { noProof: asked.trouble.message, latencyMs: 0 };
    const { message } = asked.trouble;
    book.assert(`${what} is answered`, false, () => `${what}: ${message.replace(/\.$/, "")}`);
    return { latencyMs: 0 };
  }
  const { answer } = asked;
  book.assert(
    `${what}: ${method} ${path.slice(0, 100)} answers ${expect.status}`,
    answer.status === expect.status,
    () => `${what}: ${method} ${path.slice(0, 100)} answers ${answer.status} instead of ${expect.status}`,
  );
  for (const { name, value } of expect.headers ?? []) {
    const given = answer.headers[name.toLowerCase()];
    const said = Array.isArray(given) ? given.join(", ") : given;
    book.assert(
      `${what}: header ${name} is ${quoted(value)}`,
      said === value,
      () => `${what}: header ${name} is ${said === undefined ? "missing" : quoted(said)} instead of ${quoted(value)}`,
    );
  }
  expectJson(book, what, answer.body, answer.cut, expect.json ?? []);
  return { latencyMs: answer.latencyMs };
};

/** A list of requests, asked in order; all are asked, so that one document names everything that is broken. */
export const checkEndpoints: Check = async ({ checks }, asker) => {
  if (checks.api === undefined) return notConfigured("api");
  const book = ledger();
  const { requests } = checks.api;
  let slowest = 0;
  for (const request of requests) {
    const { noProof, latencyMs } = await one(book, asker, request);
    if (noProof !== undefined) return book.inconclusive(noProof);
    slowest = Math.max(slowest, latencyMs);
  }
  book.measure("requests", requests.length);
  book.measure("slowestMs", slowest);
  return book.close(
    `${plural(requests.length, "request")} to ${asker.where} answered as expected, the slowest in ${ms(slowest)}.`,
  );
};
