import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { AddressRules } from "../../dial/address-rules.ts";
import { exchange } from "../../dial/exchange.ts";
import { pinnedAgent } from "../../dial/pinned.ts";
import type { Trust } from "../../dial/trust.ts";
import { folderOf, isBelow, isManifest, type ReadArchive } from "./files.ts";
import { badManifests, Refusal } from "./refusal.ts";

export const ARCHIVE_BOUNDS = {
  packed: 32 * 1024 * 1024,
  unpacked: 256 * 1024 * 1024,
  entries: 20_000,
  manifests: 16 * 1024 * 1024,
} as const;

/** The artifact cannot be had at the moment: it is asked for again. */
export class NotFetched extends Error {
  override readonly name = "NotFetched";
}

const DEADLINE_MS = 30_000;

const fetched = async (
  url: string,
  wanted: string,
  trust: Trust,
  addresses: AddressRules,
  signal: AbortSignal,
): Promise<Buffer> => {
  const agent = pinnedAgent(trust, { connectMs: 5_000, headersMs: 15_000, bodyMs: 15_000 }, addresses);
  try {
    const headers = { "accept-encoding": "identity" };
    const question = { url, method: "GET", headers, maxBytes: ARCHIVE_BOUNDS.packed, deadlineMs: DEADLINE_MS } as const;
    const came = await exchange(agent, { ...question, signal });
    signal.throwIfAborted();
    const { origin } = new URL(url);
    if (came.state === "AddressRefused") throw new Refusal(422, "FetchFailed", came.message);
    if (came.state === "Oversized")
      throw badManifests(`The archive at ${origin} is larger than ${ARCHIVE_BOUNDS.packed} bytes.`);
    if (came.state !== "Answered") throw new NotFetched(`The archive was not fetched: ${came.message}`);
    if (came.status !== 200) {
      const message = `${origin} answered HTTP ${came.status} instead of the archive.`;
      if (came.status >= 500 || came.status === 429) throw new NotFetched(message);
      const redirect =
        came.status >= 300 && came.status < 400 ? " Redirects are not followed; give the final URL." : "";
      throw new Refusal(422, "FetchFailed", `${message}${redirect}`);
    }
    const found = createHash("sha256").update(came.body).digest("hex");
    if (found !== wanted)
      throw new Refusal(
        422,
        "DigestMismatch",
        `The archive at ${origin} has SHA-256 ${found}, but ${wanted} was ordered. Nothing of it was applied; publish the ordered archive, or make a new update with the digest of this one.`,
      );
    return came.body;
  } finally {
    await agent.destroy();
  }
};

const MANIFEST = "ashat.json";

/** The manifests below a folder and `ashat.json` at the root; links are not followed, everything else is left unread. */
const unpacked = async (packed: Buffer, folder: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  const tar = extract();
  let bytes = 0;
  let kept = 0;
  const read = async (): Promise<void> => {
    let entries = 0;
    for await (const entry of tar) {
      entries += 1;
      if (entries > ARCHIVE_BOUNDS.entries)
        throw badManifests(`The archive has more than ${ARCHIVE_BOUNDS.entries} entries.`);
      const path = folderOf(entry.header.name);
      const wanted = path === MANIFEST || (isManifest(path) && isBelow(folder, path));
      if (wanted && path.split("/").includes("..")) throw badManifests(`${path} in the archive leads out of it.`);
      if (wanted && entry.header.type !== "file" && entry.header.type !== "directory")
        throw badManifests(`${path} in the archive is a ${entry.header.type}; manifests are plain files.`);
      if (wanted && entry.header.type === "file") {
        if (files.has(path)) throw badManifests(`${path} is in the archive twice.`);
        const parts: Buffer[] = [];
        for await (const part of entry as AsyncIterable<Buffer>) {
          kept += part.length;
          if (kept > ARCHIVE_BOUNDS.manifests)
            throw badManifests(`The manifests in the archive are larger than ${ARCHIVE_BOUNDS.manifests} bytes.`);
          parts.push(part);
        }
        files.set(path, Buffer.concat(parts).toString("utf8"));
      }
      entry.resume();
    }
  };
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > ARCHIVE_BOUNDS.unpacked)
        throw badManifests(`The archive unpacks to more than ${ARCHIVE_BOUNDS.unpacked} bytes.`);
      yield chunk;
    }
  };
  const results = await Promise.allSettled([
    read().catch((error: unknown) => {
      tar.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }),
    pipeline(Readable.from([packed]), createGunzip(), counted, tar, { signal }),
  ]);
  signal.throwIfAborted();
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const refusal = errors.find((error) => error instanceof Refusal);
  if (refusal !== undefined) throw refusal;
  if (errors.length > 0) throw badManifests("The archive is not a whole gzip tar.");
  return files;
};

/** Fetches an archive, proves its digest, and reads the manifests in it. Bounded in bytes and time; follows no redirect. */
export const readArchiveFrom =
  (addresses: AddressRules, trust: Trust = {}): ReadArchive =>
  async ({ url, sha256 }, folder, signal) =>
    unpacked(await fetched(url, sha256, trust, addresses, signal), folder, signal);
