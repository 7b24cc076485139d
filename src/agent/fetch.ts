import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { request, type Dispatcher } from "undici";
import { refusalIn } from "../dial/address-rules.ts";
import type { AgentConfig } from "./config.ts";
import { OrderFailure, said } from "./failure.ts";

export interface Wanted {
  readonly url: string;
  readonly sha256: string;
  /** Where the bytes go; they are proven before anyone else opens the file. */
  readonly to: string;
}

/** Worth another try: nothing was learnt about the archive itself. */
class Passing extends Error {
  override readonly name = "Passing";
}

const once = async (
  dispatcher: Dispatcher,
  { url, sha256, to }: Wanted,
  limit: number,
  signal: AbortSignal,
): Promise<void> => {
  const { origin } = new URL(url);
  const answer = await request(url, {
    dispatcher,
    method: "GET",
    signal,
    headers: { "accept-encoding": "identity" },
  }).catch((error: unknown) => {
    const refusal = refusalIn(error);
    if (refusal !== undefined)
      throw new OrderFailure("FetchFailed", `The archive was not fetched from ${origin}: ${refusal.message}`, {
        cause: error,
      });
    throw new Passing(`${origin} cannot be reached: ${said(error)}`, { cause: error });
  });
  if (answer.statusCode !== 200) {
    await answer.body.dump({ limit: 4096 });
    const message = `${origin} answered HTTP ${answer.statusCode} instead of the archive.`;
    if (answer.statusCode >= 500) throw new Passing(message);
    const redirect =
      answer.statusCode >= 300 && answer.statusCode < 400 ? " Redirects are not followed; give the final URL." : "";
    throw new OrderFailure("FetchFailed", `${message}${redirect}`);
  }
  const hash = createHash("sha256");
  const file = await open(to, "w", 0o600);
  try {
    let size = 0;
    for await (const part of answer.body as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > limit)
        throw new OrderFailure(
          "FetchFailed",
          `The archive at ${origin} is larger than the ${limit} bytes this agent takes (fetch.maxBytes).`,
        );
      hash.update(part);
      await file.write(part);
    }
    await file.sync();
  } catch (error) {
    if (error instanceof OrderFailure) throw error;
    if (error instanceof Error && "syscall" in error && error.syscall === "write") throw error;
    throw new Passing(`${origin} broke off while sending the archive: ${said(error)}`, { cause: error });
  } finally {
    await file.close();
  }
  const found = hash.digest("hex");
  if (found !== sha256) {
    throw new OrderFailure(
      "DigestMismatch",
      `The archive at ${origin} has SHA-256 ${found}, but ${sha256} was ordered. Nothing of it was unpacked; publish the ordered archive, or make a new update with the digest of this one.`,
    );
  }
};

/** Brings the archive to a file and proves its digest. Bounded in bytes, in time and in tries; follows no redirect. */
export const fetchArchive = async (
  dispatcher: Dispatcher,
  wanted: Wanted,
  limits: Pick<AgentConfig["fetch"], "allowHttp" | "maxBytes" | "deadlineSeconds" | "attempts">,
  stop: AbortSignal,
): Promise<void> => {
  const url = URL.parse(wanted.url);
  if (url === null)
    throw new OrderFailure("FetchFailed", "The archive's URL cannot be read; make a new update with a proper one.");
  const { protocol, origin } = url;
  if (protocol !== "https:" && !limits.allowHttp) {
    throw new OrderFailure(
      "FetchFailed",
      `The archive lies at ${origin}, but this agent fetches over https:// only (fetch.allowHttp).`,
    );
  }
  const deadline = AbortSignal.timeout(limits.deadlineSeconds * 1000);
  const signal = AbortSignal.any([stop, deadline]);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(dispatcher, wanted, limits.maxBytes, signal);
    } catch (error) {
      stop.throwIfAborted();
      if (deadline.aborted)
        throw new OrderFailure(
          "FetchFailed",
          `The archive did not come from ${origin} within ${limits.deadlineSeconds} s.`,
          { cause: error },
        );
      if (!(error instanceof Passing)) throw error;
      if (attempt >= limits.attempts)
        throw new OrderFailure("FetchFailed", `${error.message} (${attempt} tries)`, { cause: error });
      await wait(250 * 4 ** (attempt - 1), undefined, { signal }).catch(() => undefined);
    }
  }
};
