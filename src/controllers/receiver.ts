import { readFile } from "node:fs/promises";
import type { AddressRules } from "../dial/address-rules.ts";
import { exchange } from "../dial/exchange.ts";
import { pinnedAgent } from "../dial/pinned.ts";
import { readWebhookSecrets, webhookHeaders } from "../dial/standard-webhook.ts";
import type { Message, Sent } from "../runtime/outbox.ts";

/** Where notifications go, and what they are signed with. */
export interface ReceiverOptions {
  /** It may hold a secret itself, in path or query: nothing but its origin is ever said. */
  readonly url: URL;
  /** Read for every attempt, so that a new secret counts at once. */
  readonly secretFile: string;
  /** PEM; the system's roots where it is absent. */
  readonly ca?: string;
  readonly addresses: AddressRules;
  /** Wall clock: receivers refuse what is older than a few minutes. */
  readonly now: () => number;
  /** How long one attempt may take. */
  readonly deadlineMs?: number;
}

export interface Receiver {
  /** Trouble is an answer; nothing is thrown. */
  readonly send: (message: Message, signal: AbortSignal) => Promise<Sent>;
  readonly close: () => Promise<void>;
}

const DEADLINE_MS = 10_000;
const LONGEST_WISH_MS = 600_000;

export function createReceiver({
  url,
  secretFile,
  ca,
  addresses,
  now,
  deadlineMs = DEADLINE_MS,
}: ReceiverOptions): Receiver {
  const dispatcher = pinnedAgent(
    ca === undefined ? {} : { ca },
    { connectMs: 5_000, headersMs: deadlineMs, bodyMs: deadlineMs, plain: url.protocol === "http:" },
    addresses,
  );
  const send = async ({ id, body }: Message, signal: AbortSignal): Promise<Sent> => {
    let signed: Readonly<Record<string, string>>;
    try {
      signed = webhookHeaders({ id, body }, await readSecrets(secretFile), now());
    } catch (error) {
      return { state: "NotTaken", why: error instanceof Error ? error.message : String(error) };
    }
    const answer = await exchange(dispatcher, {
      url: url.href,
      method: "POST",
      headers: {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": "ashat-operator",
        ...signed,
      },
      body,
      maxBytes: 4_096,
      deadlineMs,
      signal,
      withoutBody: true,
    });
    if (answer.state !== "Answered") return { state: "NotTaken", why: answer.message };
    const { status, headers } = answer;
    if (status >= 200 && status < 300) return { state: "Taken" };
    const what = status >= 300 && status < 400 ? `with ${status}, a redirect, which is not followed` : `with ${status}`;
    const afterMs = wish(headers["retry-after"]);
    return {
      state: "NotTaken",
      why: `${url.origin} answered ${what}.`,
      ...(afterMs !== undefined && { afterMs }),
    };
  };
  return { send, close: () => dispatcher.destroy() };
}

/** Whether a secret can be read, before anything depends on it. */
export async function readSecrets(file: string): Promise<readonly Uint8Array[]> {
  try {
    return readWebhookSecrets(await readFile(file, "utf8"));
  } catch (error) {
    throw new Error(
      `The secret of --notify-secret ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}. Make one with: echo "whsec_$(openssl rand -base64 32)" > ${file}`,
      { cause: error },
    );
  }
}

/** How long the receiver asks to wait, in seconds; a date is not taken, and no wish is longer than ten minutes. */
const wish = (header: string | readonly string[] | undefined): number | undefined =>
  typeof header === "string" && /^\d{1,9}$/.test(header)
    ? Math.min(LONGEST_WISH_MS, Math.max(1_000, Number(header) * 1000))
    : undefined;
