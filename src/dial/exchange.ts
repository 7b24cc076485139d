import { request, type Dispatcher } from "undici";
import { refusalIn } from "./address-rules.ts";
import { isWrongCertificate } from "./trust.ts";

export interface Question {
  readonly url: string;
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The most bytes of a body that are read; one more makes it Oversized. */
  readonly maxBytes: number;
  /** From the first byte of the connection to the last of the body. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** The answer is its status and its headers: a body is neither waited for nor read. */
  readonly withoutBody?: boolean;
}

/** What came of asking: trouble at the other end is data, never an exception. */
export type Exchange =
  | {
      readonly state: "Answered";
      readonly status: number;
      readonly headers: Dispatcher.ResponseData["headers"];
      readonly body: Buffer;
    }
  | {
      readonly state: "Unreachable" | "AddressRefused" | "WrongCertificate" | "Oversized" | "Aborted";
      readonly message: string;
    };

const said = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors.map(said).join("; ") : "";
  const code =
    "code" in error && typeof error.code === "string" && !error.message.includes(error.code) ? ` (${error.code})` : "";
  return `${error.message || inner || error.name}${code}`;
};

/** Asks once: no redirect is followed, nothing is repeated, and the whole is bounded in bytes and time. */
export const exchange = async (dispatcher: Dispatcher, question: Question): Promise<Exchange> => {
  const { url, method, headers, body, maxBytes, deadlineMs, signal, withoutBody = false } = question;
  const { origin } = new URL(url);
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const answer = await request(url, {
      dispatcher,
      method,
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(headers === undefined ? {} : { headers: { ...headers } }),
      ...(body === undefined ? {} : { body }),
    });
    if (withoutBody) {
      // A few bytes are let through, so that the connection can be used again; more than that, or no end, closes it.
      void answer.body.dump({ limit: Math.min(maxBytes, 4_096) }).catch(() => undefined);
      return { state: "Answered", status: answer.statusCode, headers: answer.headers, body: Buffer.alloc(0) };
    }
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of answer.body as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxBytes)
        return { state: "Oversized", message: `${origin} answered with more than ${maxBytes} bytes.` };
      parts.push(part);
    }
    return { state: "Answered", status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) };
  } catch (error) {
    if (signal?.aborted === true) return { state: "Aborted", message: `The request to ${origin} was stopped.` };
    if (deadline.aborted) return { state: "Unreachable", message: `${origin} did not answer within ${deadlineMs} ms.` };
    const refusal = refusalIn(error);
    if (refusal !== undefined) return { state: "AddressRefused", message: refusal.message };
    if (isWrongCertificate(error))
      return {
        state: "WrongCertificate",
        message: `The certificate of ${origin} is not the trusted one: ${said(error)}`,
      };
    return { state: "Unreachable", message: `${origin} cannot be reached: ${said(error)}` };
  }
};
