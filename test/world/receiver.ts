import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Notification } from "../../src/api/notification.ts";
import { type Ca, issue } from "../cluster/pki.ts";

/** Somebody who is notified, over real HTTPS, and believes nobody whose signature does not hold. */
export interface HttpReceiver {
  readonly url: string;
  /** What was taken, in the order in which it came. */
  readonly taken: Notification[];
  /** Every request, also of those that were not taken. */
  readonly asked: Request[];
  /** How requests are answered from now on; undefined: verified and taken with 204. */
  answer: ((request: Request, response: ServerResponse) => void) | undefined;
  readonly stop: () => Promise<void>;
}

export interface Request {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly event: Notification;
}

/** What a receiver does by the Standard Webhooks specification; a sentence where it does not hold. */
export function whyNotSigned(
  { headers, body }: Pick<Request, "headers" | "body">,
  secret: string,
  nowMs: number,
): string | undefined {
  const [id, time, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    String(headers[name] ?? ""),
  );
  if (Math.abs(nowMs / 1000 - Number(time)) > 300) return `it was signed at ${time}`;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const wanted = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest();
  const holds = (signatures ?? "").split(" ").some((signature) => {
    const given = Buffer.from(signature.replace("v1,", ""), "base64");
    return signature.startsWith("v1,") && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
  return holds ? undefined : `no signature of it holds: ${signatures}`;
}

export async function startReceiver(options: {
  readonly secret: string;
  /** Plain HTTP where it is absent. */
  readonly ca?: Ca;
  readonly port?: number;
}): Promise<HttpReceiver> {
  const { secret, ca, port = 0 } = options;
  const taken: Notification[] = [];
  const asked: Request[] = [];
  const listen: RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      const one: Request = {
        path: request.url ?? "",
        method: request.method ?? "",
        headers: request.headers,
        body,
        event: Notification.parse(JSON.parse(body)),
      };
      asked.push(one);
      if (receiver.answer !== undefined) {
        receiver.answer(one, response);
        return;
      }
      const wrong = whyNotSigned(one, secret, Date.now());
      if (wrong === undefined) taken.push(one.event);
      response.writeHead(wrong === undefined ? 204 : 401).end();
    });
  };
  const certificate =
    ca === undefined ? undefined : await issue(ca, { commonName: "hooks", dns: ["localhost"], ips: ["127.0.0.1"] });
  const server =
    certificate === undefined
      ? createPlain(listen)
      : createServer({ cert: certificate.certPem, key: certificate.keyPem }, listen);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const receiver: HttpReceiver = {
    url: `${ca === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/path-secret?key=query-secret`,
    taken,
    asked,
    answer: undefined,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  return receiver;
}
