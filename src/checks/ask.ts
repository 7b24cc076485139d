import { request, type Dispatcher } from "undici";
import type { AddressRules } from "../dial/address-rules.ts";
import { pinnedAgent } from "../dial/pinned.ts";
import { isWrongCertificate, type Trust } from "../dial/trust.ts";
import { troubleOf, type Trouble } from "./trouble.ts";
import type { World } from "./world.ts";

/** A body is read up to here; of a longer one the rest is left unread. */
export const MAX_BODY_BYTES = 64 * 1024;
const TRIES = 3;
const PAUSE_MS = 1000;

export interface Question {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
  readonly path: string;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly body?: string;
  readonly deadlineMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The body is longer than what was read. */
  readonly cut: boolean;
  /** From the first byte of the connection to the last one read. */
  readonly latencyMs: number;
}

export type Asked = { readonly answer: Answer } | { readonly trouble: Trouble };

export interface Asker {
  /** Host and port, as messages name the target. */
  readonly where: string;
  readonly secure: boolean;
  readonly ask: (question: Question) => Promise<Asked>;
  /** One request, its body thrown away, nothing repeated: for load. */
  readonly fire: (path: string, deadlineMs: number) => Promise<{ readonly ok: boolean; readonly why: string }>;
  readonly close: () => Promise<void>;
}

const read = async (
  body: Dispatcher.ResponseData["body"],
): Promise<{ readonly body: string; readonly cut: boolean }> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > MAX_BODY_BYTES) break;
  }
  return { body: Buffer.concat(parts).subarray(0, MAX_BODY_BYTES).toString("utf8"), cut: size > MAX_BODY_BYTES };
};

/** Asks one target: only the trusted one, no redirect followed, every answer bounded in bytes and time. */
export const createAsker = (
  target: {
    readonly url: string;
    readonly trust: Trust;
    readonly addresses: AddressRules;
    readonly connections?: number;
  },
  world: World,
): Asker => {
  const { protocol, host, origin, pathname } = new URL(target.url);
  const secure = protocol === "https:";
  const prefix = pathname.replace(/\/+$/, "");
  const limits = {
    connectMs: 10_000,
    headersMs: 60_000,
    bodyMs: 60_000,
    plain: true,
    connections: target.connections ?? 4,
  };
  const agent = pinnedAgent(target.trust, limits, target.addresses);

  const send = (question: Question, signal: AbortSignal): Promise<Dispatcher.ResponseData> =>
    request(`${origin}${prefix}${question.path}`, {
      dispatcher: agent,
      method: question.method ?? "GET",
      signal,
      headers: {
        "user-agent": "ashat-check",
        accept: "*/*",
        ...Object.fromEntries((question.headers ?? []).map(({ name, value }) => [name.toLowerCase(), value])),
      },
      ...(question.body === undefined ? {} : { body: question.body }),
    });

  const once = async (question: Question): Promise<Asked> => {
    const deadline = AbortSignal.timeout(question.deadlineMs);
    const begun = world.monotonic();
    try {
      const { statusCode, headers, body } = await send(question, AbortSignal.any([world.signal, deadline]));
      return { answer: { status: statusCode, headers, ...(await read(body)), latencyMs: world.monotonic() - begun } };
    } catch (error) {
      return {
        trouble: troubleOf(error, {
          where: host,
          deadlineMs: question.deadlineMs,
          late: deadline.aborted,
          stopped: world.signal.aborted,
          wrongCertificate: isWrongCertificate(error),
        }),
      };
    }
  };

  return {
    where: host,
    secure,
    // A server that is just starting refuses for a moment, and that is no proof: asked again before it counts.
    ask: async (question) => {
      const repeatable =
        question.method === undefined ||
        question.method === "GET" ||
        question.method === "HEAD" ||
        question.method === "OPTIONS";
      for (let tries = 1; ; tries += 1) {
        const asked = await once(question);
        if ("answer" in asked || !asked.trouble.passing || (!repeatable && !asked.trouble.unsent)) return asked;
        if (tries === TRIES)
          return {
            trouble: {
              ...asked.trouble,
              message: `${asked.trouble.message.replace(/\.$/, "")}, ${TRIES} times in a row.`,
            },
          };
        await world.pause(PAUSE_MS);
      }
    },
    fire: async (path, deadlineMs) => {
      const deadline = AbortSignal.timeout(deadlineMs);
      try {
        const { statusCode, body } = await send({ path, deadlineMs }, AbortSignal.any([world.signal, deadline]));
        await body.dump({ limit: 16 * 1024 * 1024 });
        return { ok: statusCode >= 200 && statusCode < 300, why: `status ${statusCode}` };
      } catch (error) {
        return {
          ok: false,
          why: troubleOf(error, {
            where: host,
            deadlineMs,
            late: deadline.aborted,
            stopped: world.signal.aborted,
            wrongCertificate: isWrongCertificate(error),
          }).message,
        };
      }
    },
    close: () => agent.destroy(),
  };
};
