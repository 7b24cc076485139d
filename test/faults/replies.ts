import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { request as overTls, type Agent, type RequestOptions } from "node:https";
import type { ReplyFault } from "./plan.ts";

/** A request that was read to its end. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}
/** What the real server said to it. */
export interface Said {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export const bytesOf = async (incoming: AsyncIterable<unknown>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/** Hands a request on to where it belongs; the reply as a stream. */
export const handOn = async (
  base: string,
  { method, path, headers, body }: Asked,
  tls: RequestOptions & { readonly agent: Agent },
  signal?: AbortSignal,
): Promise<IncomingMessage> => {
  const { "content-length": _length, "transfer-encoding": _encoding, ...rest } = headers;
  const asked = overTls(`${base}${path}`, {
    ...tls,
    method,
    headers: {
      ...rest,
      host: new URL(base).host,
      connection: "keep-alive",
      ...(body.length > 0 && { "content-length": body.length }),
    },
    ...(signal && { signal }),
  });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return answer;
};

export const heard = async (answer: IncomingMessage): Promise<Said> => ({
  status: answer.statusCode ?? 502,
  headers: answer.headers,
  body: await bytesOf(answer),
});

export const give = (response: ServerResponse, { status, headers, body }: Said): void => {
  const { "transfer-encoding": _encoding, connection: _connection, ...rest } = headers;
  response.writeHead(status, { ...rest, "content-length": body.length }).end(body);
};

const SLOW_MS = 3_000;

interface Words {
  readonly reason: string;
  readonly message: string;
}
const WORDS: Readonly<Record<string, Words>> = {
  "401": { reason: "Unauthorized", message: "Unauthorized" },
  "403": { reason: "Forbidden", message: "forbidden: the authorizer has no opinion just now" },
  "422": { reason: "Invalid", message: "admission denied the request: try again" },
  "429": { reason: "TooManyRequests", message: "too many requests, please try again later" },
  "500": { reason: "InternalError", message: "etcdserver: request timed out" },
  "503": { reason: "ServiceUnavailable", message: "the server is currently unable to handle the request" },
  "504": { reason: "Timeout", message: "the server was unable to return a response in the time allotted" },
};

/** What stands between an operator and an agent says it in words of its own, which are no agent's. */
const page = (code: number): Said => ({
  status: code,
  headers: { "content-type": "text/html", ...(code === 429 && { "retry-after": "1" }) },
  body: Buffer.from(`<html><h1>${code}</h1></html>`),
});

/** As an API server says it; a path it does not serve just now is plain text. */
export function refusal(fault: string, method: string, who: "api" | "agent" = "api"): Said {
  const code = Number(fault);
  if (who === "agent") return page(code);
  const text =
    fault === "404"
      ? "404 page not found\n"
      : JSON.stringify({
          kind: "Status",
          apiVersion: "v1",
          status: "Failure",
          code,
          ...(fault === "409"
            ? method === "POST"
              ? { reason: "AlreadyExists", message: "the object already exists" }
              : {
                  reason: "Conflict",
                  message: "the object has been modified; please apply your changes to the latest version",
                }
            : WORDS[fault]),
        });
  return {
    status: code,
    headers: {
      "content-type": fault === "404" ? "text/plain" : "application/json",
      ...(fault === "429" && { "retry-after": "1" }),
    },
    body: Buffer.from(text),
  };
}

/** Does one wrong thing to one request. `on` hands it on and says what the real server said. */
export async function reply(
  fault: ReplyFault | undefined,
  { method = "GET", socket }: IncomingMessage,
  response: ServerResponse,
  on: () => Promise<Said>,
  who?: "agent",
): Promise<void> {
  switch (fault) {
    case undefined:
      return give(response, await on());
    case "reset-before":
      socket.destroy();
      return;
    case "reset-after":
      await on();
      socket.destroy();
      return;
    case "hang":
      await on();
      return;
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
      return give(response, await on());
    case "late": {
      const said = await on();
      await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
      return give(response, said);
    }
    case "truncated": {
      const { status, headers, body } = await on();
      const { "transfer-encoding": _encoding, connection: _connection, ...rest } = headers;
      response.writeHead(status, { ...rest, "content-length": body.length });
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => socket.destroy());
      return;
    }
    case "garbled": {
      const said = await on();
      return give(response, { ...said, body: said.body.subarray(0, Math.floor(said.body.length / 2)) });
    }
    case "504":
      await on();
      return give(response, refusal(fault, method, who));
    case "401":
    case "403":
    case "404":
    case "409":
    case "422":
    case "429":
    case "500":
    case "503":
      return give(response, refusal(fault, method, who));
    default:
      fault satisfies never;
  }
}
