import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type GitEnd, runGit } from "./process.ts";
import { GitRefusal } from "./refusal.ts";
import { failureOf } from "./said.ts";
import type { Session } from "./session.ts";
import type { GitPlace } from "./target.ts";
import { GitTrouble } from "./trouble.ts";

/** One operation at a repository: runs git in its mirror, under one deadline. */
export interface Mirror {
  readonly dir: string;
  readonly session: Session;
  readonly place: GitPlace;
  /** What was fetched after this look was asked for is as new as it needs to be. Without it everything is fetched. */
  readonly since?: number | undefined;
  readonly heads: Map<string, SeenHead>;
  /** Counts: what was asked for before something began has a lower number. */
  readonly tick: () => number;
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

/** Where a branch was when it was fetched, and when that began. */
export interface SeenHead {
  readonly head: string;
  readonly began: number;
}

interface Opened {
  readonly folder: string;
  readonly session: Session;
  readonly place: GitPlace;
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
  /** Throws where what was fetched is too much. */
  readonly look: () => Promise<void>;
  readonly heads: Map<string, SeenHead>;
  readonly tick: () => number;
  readonly since: number | undefined;
}

/** A bare repository that holds commits and folders, and of the files those that were read. It is a cache: without it everything is fetched anew. */
export async function openMirror({
  folder,
  session,
  place,
  signal,
  deadline,
  look,
  heads,
  tick,
  since,
}: Opened): Promise<Mirror> {
  const dir = join(folder, mirrorName(place));
  const { env, secrets } = session;
  const runIn =
    (gitDir: string): Mirror["run"] =>
    async (args, more = {}) => {
      const end = await runGit({
        args,
        env: { ...env, GIT_DIR: gitDir, ...more.env },
        cwd: session.folder,
        secrets,
        signal,
        deadline,
        ...(more.input === undefined ? {} : { input: more.input }),
        ...(more.each === undefined ? {} : { each: more.each }),
      });
      if (args.includes("fetch")) await look();
      return end;
    };
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
  return { dir, session, place, heads, tick, since, run: runIn(dir) };
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

/** The bound of what git may take at once, which is set for it in its environment. */
const TOO_MUCH = /attempting to allocate|out of memory/i;

/** What a failure of git means, whoever asked. */
export const failed = (place: GitPlace, said: string): Error => {
  if (TOO_MUCH.test(said))
    return new GitRefusal(
      "RepositoryTooLarge",
      `${place.url} has what git cannot read in the memory it is given. Whoever names that repository names one without very large files.`,
    );
  if (/operation too slow/i.test(said))
    return new GitTrouble("Unreachable", "The repository did not answer in time; it is asked again.");
  return BROKEN.test(said) ? new MirrorBroken(said) : failureOf(place, said);
};

/** The output of a command that has to succeed. */
export async function must({ run, place }: Mirror, ...[args, more]: Parameters<Mirror["run"]>): Promise<Buffer> {
  const { code, out, said } = await run(args, more);
  if (code === 0) return out;
  throw failed(place, said);
}

/** Where the branch is now. All who look and asked before this was fetched share one fetch. */
export async function fetchHead(mirror: Mirror): Promise<string> {
  const { heads, since, tick } = mirror;
  const { branch } = mirror.place;
  const seen = heads.get(branch);
  if (seen !== undefined && since !== undefined && since < seen.began) return seen.head;
  const began = tick();
  const ref = `refs/heads/${branch}`;
  await must(mirror, ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", `+${ref}:${ref}`]);
  const head = (await must(mirror, ["rev-parse", "--verify", "--end-of-options", `${ref}^{commit}`])).toString().trim();
  heads.set(branch, { head, began });
  return head;
}

export const forget = (folder: string, name: string): Promise<void> =>
  rm(join(folder, name), { recursive: true, force: true });
