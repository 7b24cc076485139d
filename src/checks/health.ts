import type { Check } from "./check.ts";
import { unanswered } from "./check.ts";
import { ledger } from "./ledger.ts";
import { expectJson } from "./pointer.ts";
import { ms, quoted } from "./words.ts";

/** One GET: status, latency, readiness body. */
export const checkHealth: Check = async ({ checks: { health } }, asker) => {
  const book = ledger();
  const what = `GET ${health.path}`;
  const asked = await asker.ask({ path: health.path, deadlineMs: health.maxLatencyMs + 1000 });
  if ("trouble" in asked) return unanswered(book, `${what} answers`, asked.trouble);
  const { status, body, cut, latencyMs } = asked.answer;
  book.measure("status", status);
  book.measure("latencyMs", latencyMs);
  book.assert(
    `${what} answers ${health.status}`,
    status === health.status,
    () => `${what} answers ${status} instead of ${health.status}`,
  );
  book.assert(
    `${what} takes at most ${health.maxLatencyMs} ms`,
    latencyMs <= health.maxLatencyMs,
    () => `${what} took ${ms(latencyMs)}, more than ${health.maxLatencyMs} ms`,
  );
  const { contains } = health;
  if (contains !== undefined) {
    book.assert(
      `${what} contains ${quoted(contains)}`,
      body.includes(contains),
      () => `${what} does not contain ${quoted(contains)} but says ${quoted(body, 60)}`,
    );
  }
  expectJson(book, what, body, cut, health.json ?? []);
  return book.close(`${what} on ${asker.where} answers ${status} in ${ms(latencyMs)}.`);
};
