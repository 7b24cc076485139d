import { createHash } from "node:crypto";
import { once } from "node:events";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { type Dispatcher, request } from "undici";
import { ReleaseManifest } from "../api/order.ts";
import { problems } from "../api/problems.ts";
import { No } from "./no.ts";

/** The archive could not be had from here, which says nothing of the agents: they may reach it. */
export class NotRead extends No {}

/** What an archive is: its digest, and what it says of itself. */
export interface Archive {
  readonly sha256: string;
  readonly bytes: number;
  readonly manifest: ReleaseManifest;
}

export interface ArchiveLimits {
  readonly maxBytes: number;
  /** Of what is inside, unpacked. */
  readonly maxUnpacked: number;
  readonly deadlineMs: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = { maxBytes: 2 ** 31, maxUnpacked: 2 ** 33, deadlineMs: 600_000 };
const MANIFEST = "ashat.json";
const LONGEST_MANIFEST = 65_536;

/** Reads an archive to its end as the agents will: bounded in bytes and time, no redirect, and nothing of it is kept. */
export async function readArchive(
  dispatcher: Dispatcher,
  url: string,
  stop: AbortSignal,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<Archive> {
  const deadline = AbortSignal.timeout(limits.deadlineMs);
  const signal = AbortSignal.any([stop, deadline]);
  const answer = await request(url, { dispatcher, signal, headers: { "accept-encoding": "identity" } }).catch(
    (error: unknown) => {
      throw notReached(url, error);
    },
  );
  if (answer.statusCode !== 200) {
    await answer.body.dump({ limit: 4096 }).catch(() => undefined);
    if (answer.statusCode >= 300 && answer.statusCode < 400)
      throw new No(
        `The archive at ${url} was answered HTTP ${answer.statusCode}: redirects are not followed, the agents do not follow them either; name the final address.`,
      );
    if (answer.statusCode === 404)
      throw new No(
        `There is no archive at ${url} (HTTP 404): name where it is with --archive <url>, or another version with --version <version>.`,
      );
    throw new NotRead(`The archive at ${url} was answered HTTP ${answer.statusCode}.`);
  }
  const hash = createHash("sha256");
  const inside = lookInside(limits.maxUnpacked);
  let bytes = 0;
  try {
    for await (const part of answer.body as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > limits.maxBytes) throw new No(`The archive at ${url} has more than ${limits.maxBytes} bytes.`);
      hash.update(part);
      await inside.write(part);
    }
  } catch (error) {
    inside.stop();
    if (error instanceof No) throw error;
    throw new NotRead(
      deadline.aborted
        ? `The archive at ${url} did not come within ${limits.deadlineMs / 1000} s.`
        : `The archive at ${url} broke off: ${said(error)}.`,
    );
  }
  const found = await inside.end();
  if (typeof found === "string") throw new No(`The archive at ${url} is no release: ${found}. No agent would take it.`);
  return { sha256: hash.digest("hex"), bytes, manifest: found };
}

const UNTRUSTED = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

/** Node's own hint to an untrusted certificate is about how Node is started, which nobody does here. */
export function notReached(url: string, error: unknown): NotRead {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return new NotRead(
    code !== undefined && UNTRUSTED.includes(code)
      ? `The archive at ${url} was not read: no CA that is known here vouches for the certificate of ${new URL(url).host} (${code}). Where it is your own CA, name it with --archive-ca <file>.`
      : `The archive at ${url} cannot be reached: ${said(error)}.`,
  );
}

const said = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return `${error.message || error.name}${code === undefined || error.message.includes(code) ? "" : ` (${code})`}`;
};

/** Finds the manifest in the bytes as they come by; what is wrong with them is a sentence, never an exception. */
function lookInside(maxUnpacked: number) {
  const gunzip = createGunzip();
  const tar = extract();
  let found: ReleaseManifest | string = `it has no ${MANIFEST} at its root`;
  let over = false;
  let unpacked = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const finish = (problem?: string): void => {
    if (over) return;
    over = true;
    if (problem !== undefined) found = problem;
    gunzip.destroy();
    tar.destroy();
    resolve();
  };
  tar.on("entry", (header, stream, next) => {
    const wanted = header.type === "file" && header.name.replace(/^[.]\//, "") === MANIFEST;
    const parts: Uint8Array[] = [];
    let length = 0;
    stream.on("data", (part: unknown) => {
      if (!wanted || !(part instanceof Uint8Array) || length > LONGEST_MANIFEST) return;
      length += part.length;
      parts.push(part);
    });
    stream.on("end", () => {
      if (wanted) {
        found = manifestIn(Buffer.concat(parts).toString("utf8"));
        finish();
      } else next(null);
    });
  });
  tar.on("error", () => finish("it is not a gzip tar"));
  tar.on("finish", () => finish());
  gunzip.on("error", () => finish("it is not a gzip tar"));
  gunzip.on("data", (part: Buffer) => {
    unpacked += part.length;
    if (unpacked > maxUnpacked) finish(`it unpacks to more than ${maxUnpacked} bytes`);
    else if (!tar.write(part)) {
      gunzip.pause();
      tar.once("drain", () => void gunzip.resume());
    }
  });
  gunzip.on("end", () => tar.end(undefined));
  return {
    write: async (part: Buffer): Promise<void> => {
      if (over || gunzip.write(part)) return;
      await Promise.race([once(gunzip, "drain").catch(() => undefined), done]);
    },
    end: async (): Promise<ReleaseManifest | string> => {
      if (!over) gunzip.end();
      await done;
      return found;
    },
    stop: () => finish(),
  };
}

function manifestIn(text: string): ReleaseManifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `its ${MANIFEST} is not JSON`;
  }
  const parsed = ReleaseManifest.safeParse(value);
  return parsed.success ? parsed.data : `its ${MANIFEST} is not as it should be: ${problems(parsed.error)}`;
}
