import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type GitEnd, runGit } from "./process.ts";
import { failureOf } from "./said.ts";
import type { Session } from "./session.ts";
import type { GitPlace } from "./target.ts";

/** One operation at a repository: runs git in its mirror, under one deadline. */
export interface Mirror {
  readonly dir: string;
  readonly session: Session;
  readonly place: GitPlace;
  readonly run: (
    args: readonly string[],
    more?: {
      readonly input?: string | Buffer;
      readonly each?: (part: Buffer) => void;
      readonly env?: Readonly<Record<string, string>>;
    },
  ) => Promise<GitEnd>;
}

/** Only whoever has the same credentials sees what was fetched with them. */
export const mirrorName = ({ url, credentials }: GitPlace): string =>
  `mirror-${createHash("sha256")
    .update(JSON.stringify([url, credentials]))
    .digest("hex")
    .slice(0, 32)}`;

interface Opened {
  readonly folder: string;
  readonly session: Session;
  readonly place: GitPlace;
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

/** A bare repository that holds commits and folders, and of the files those that were read. It is a cache: without it everything is fetched anew. */
export async function openMirror({ folder, session, place, signal, deadline }: Opened): Promise<Mirror> {
  const dir = join(folder, mirrorName(place));
  const { env, secrets } = session;
  const runIn =
    (gitDir: string): Mirror["run"] =>
    (args, more = {}) =>
      runGit({
        args,
        env: { ...env, GIT_DIR: gitDir, ...more.env },
        cwd: session.folder,
        secrets,
        signal,
        deadline,
        ...(more.input === undefined ? {} : { input: more.input }),
        ...(more.each === undefined ? {} : { each: more.each }),
      });
  if (!existsSync(dir)) {
    const fresh = join(session.folder, "mirror");
    const run = runIn(fresh);
    await done(run(["init", "--quiet", "--bare", "--template="]));
    for (const [key, value] of [
      ["remote.origin.url", place.url],
      ["remote.origin.promisor", "true"],
      ["remote.origin.partialCloneFilter", "blob:none"],
    ])
      await done(run(["config", "--local", key ?? "", value ?? ""]));
    // Whole or not at all: one that was killed half way leaves none.
    await rename(fresh, dir);
  }
  return { dir, session, place, run: runIn(dir) };
}

const done = async (end: Promise<GitEnd>): Promise<void> => {
  const { code, said } = await end;
  if (code !== 0) throw new MirrorBroken(said);
};

/** The cache is not usable; it is thrown away and made anew. */
export class MirrorBroken extends Error {
  override readonly name = "MirrorBroken";
}

const BROKEN =
  /\.lock': file exists|is corrupt|bad object|not a git repository|object file .* is empty|could not parse|unable to read tree|bad tree|invalid sha1|cannot lock ref|did not send all necessary|missing (blob|tree|commit)/i;

/** The output of a command that has to succeed. */
export async function must({ run, place }: Mirror, ...[args, more]: Parameters<Mirror["run"]>): Promise<Buffer> {
  const { code, out, said } = await run(args, more);
  if (code === 0) return out;
  if (BROKEN.test(said)) throw new MirrorBroken(said);
  throw failureOf(place, said);
}

/** Where the branch is now. */
export async function fetchHead(mirror: Mirror): Promise<string> {
  const { branch } = mirror.place;
  const ref = `refs/heads/${branch}`;
  await must(mirror, ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", `+${ref}:${ref}`]);
  return (await must(mirror, ["rev-parse", "--verify", "--end-of-options", `${ref}^{commit}`])).toString().trim();
}

export const forget = (folder: string, name: string): Promise<void> =>
  rm(join(folder, name), { recursive: true, force: true });
