import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { AddressRules } from "../../dial/address-rules.ts";
import { exchange } from "../../dial/exchange.ts";
import { pinnedAgent } from "../../dial/pinned.ts";
import type { Trust } from "../../dial/trust.ts";
import type { Trouble } from "../driver.ts";
import type { GitCredentials } from "../git/credentials.ts";
import { PORTS } from "../git/remote.ts";
import { accessAt, type ArtifactAccess } from "./artifact-access.ts";
import { certificateSentence, forbiddenSentence, unauthorizedSentence } from "./artifact-sentences.ts";
import { folderOf, isBelow, isManifest, type ReadArchive } from "./files.ts";
import { badManifests, Refusal } from "./refusal.ts";

export const ARCHIVE_BOUNDS = {
  packed: 32 * 1024 * 1024,
  unpacked: 256 * 1024 * 1024,
  entries: 20_000,
  manifests: 8 * 1024 * 1024,
} as const;
type ArchiveBounds = { readonly [K in keyof typeof ARCHIVE_BOUNDS]: number };

/** The artifact cannot be had at the moment: it is asked for again. */
export class NotFetched extends Error {
  override readonly name = "NotFetched";
  readonly state: Trouble["state"];

  constructor(message: string, state: Trouble["state"] = "Unreachable") {
    super(message);
    this.state = state;
  }
}

const DEADLINE_MS = 30_000;

/** A token alone is sent as every place of archives knows it; with a username it is a password. */
const authorizationOf = ({ basic, token, username }: GitCredentials): string | undefined => {
  const [name, word] = basic === undefined ? [username, token] : [basic.username, basic.password];
  if (name !== undefined) return `Basic ${Buffer.from(`${name}:${word ?? ""}`).toString("base64")}`;
  return token === undefined ? undefined : `Bearer ${token}`;
};

/** What of the Secret counts at that address, which is asked by TLS or not at all. */
const accessTo = (url: string, access: ArtifactAccess | undefined): ReturnType<typeof accessAt> => {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const isTls = protocol === "https:";
  return accessAt(isTls ? access : undefined, { protocol: "https", host, port: Number(port || PORTS.https) });
};

const fetched = async (
  url: string,
  wanted: string,
  usual: Trust,
  addresses: AddressRules,
  signal: AbortSignal,
  access: ArtifactAccess | undefined,
  bounds: ArchiveBounds,
): Promise<Buffer> => {
  const { credentials, source } = accessTo(url, access);
  const trust = credentials.ca === undefined ? usual : { ca: credentials.ca };
  const authorization = authorizationOf(credentials);
  const agent = pinnedAgent(trust, { connectMs: 5_000, headersMs: 15_000, bodyMs: 15_000 }, addresses);
  try {
    const headers = { "accept-encoding": "identity", ...(authorization !== undefined && { authorization }) };
    const question = { url, method: "GET", headers, maxBytes: bounds.packed, deadlineMs: DEADLINE_MS } as const;
    const came = await exchange(agent, { ...question, signal });
    signal.throwIfAborted();
    const { origin } = new URL(url);
    if (came.state === "AddressRefused") throw new Refusal(422, "FetchFailed", came.message);
    if (came.state === "Oversized")
      throw badManifests(`The archive at ${origin} is larger than ${bounds.packed} bytes.`);
    if (came.state === "WrongCertificate") throw new NotFetched(certificateSentence(origin, source), came.state);
    if (came.state !== "Answered") throw new NotFetched(`The archive was not fetched: ${came.message}`);
    if (came.status !== 200) {
      const message = `${origin} answered HTTP ${came.status} instead of the archive.`;
      if (came.status === 401) throw new Refusal(401, "Unauthorized", unauthorizedSentence(origin, source));
      if (came.status === 403) throw new Refusal(403, "Forbidden", forbiddenSentence(origin, source));
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
const unpacked = async (
  packed: Buffer,
  folder: string,
  signal: AbortSignal,
  bounds: ArchiveBounds,
): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  const tar = extract();
  let bytes = 0;
  let kept = 0;
  const read = async (): Promise<void> => {
    let entries = 0;
    for await (const entry of tar) {
      entries += 1;
      if (entries > bounds.entries) throw badManifests(`The archive has more than ${bounds.entries} entries.`);
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
          if (kept > bounds.manifests)
            throw badManifests(`The manifests in the archive are larger than ${bounds.manifests} bytes.`);
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
      if (bytes > bounds.unpacked) throw badManifests(`The archive unpacks to more than ${bounds.unpacked} bytes.`);
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

/** Fetches an archive, proves its digest, and reads the manifests in it. Bounded in bytes and time; follows no redirect, so that nothing is sent to another host. */
export const readArchiveFrom =
  (addresses: AddressRules, trust: Trust = {}, bounds: ArchiveBounds = ARCHIVE_BOUNDS): ReadArchive =>
  async ({ url, sha256 }, folder, signal, access) =>
    unpacked(await fetched(url, sha256, trust, addresses, signal, access, bounds), folder, signal, bounds);
