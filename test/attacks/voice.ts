import { Agent } from "undici";
import type { Connection } from "../../src/kube/connection.ts";

/** One HTTP request as an attacker would write it: nothing is added to it but who asks. */
export interface Asked {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answered {
  readonly status: number;
  readonly said: string;
  readonly object: unknown;
}

/** Somebody's own connection to the API server, with their credentials and without our client in between. */
export interface Voice {
  readonly ask: (asked: Asked) => Promise<Answered>;
  readonly close: () => Promise<void>;
}

const messageOf = (body: unknown, text: string): string =>
  typeof body === "object" && body !== null && "message" in body && typeof body.message === "string"
    ? body.message
    : text;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export function voiceOf({ server, tls, authorization, headers = {} }: Connection): Voice {
  const { ca, cert, key } = tls;
  const agent = new Agent({
    allowH2: false,
    connections: 8,
    connect: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
  });
  return {
    ask: async (asked) => {
      const credential = await authorization(false);
      const { statusCode, body } = await agent.request({
        origin: server,
        path: asked.path,
        method: asked.method,
        headers: {
          accept: "application/json",
          ...(credential !== undefined && { authorization: credential }),
          ...(asked.body !== undefined && { "content-type": asked.contentType ?? "application/json" }),
          ...headers,
          ...asked.headers,
        },
        body:
          asked.body === undefined ? null : typeof asked.body === "string" ? asked.body : JSON.stringify(asked.body),
      });
      const text = await body.text();
      const object = parsed(text);
      return { status: statusCode, said: statusCode < 300 ? "" : messageOf(object, text), object };
    },
    close: () => agent.close(),
  };
}
