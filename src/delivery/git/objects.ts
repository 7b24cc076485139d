import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import { join } from "node:path";
import { MAX_FILE_BYTES, tooLarge } from "./edits/source.ts";
import { type Mirror, must } from "./mirror.ts";
import { GitRefusal } from "./refusal.ts";

interface Entry {
  readonly mode: string;
  readonly id: string;
}

async function entryAt(mirror: Mirror, commit: string, path: string): Promise<Entry | undefined> {
  const out = await must(mirror, ["ls-tree", "-z", "--full-tree", commit, "--", path]);
  const [, mode, id] = /^(\d+) \w+ ([0-9a-f]+)\t/.exec(out.toString()) ?? [];
  return mode === undefined || id === undefined ? undefined : { mode, id };
}

const ODD: Readonly<Record<string, string>> = {
  "120000": "a symbolic link, which leads elsewhere",
  "160000": "a submodule, which is another repository",
  "040000": "a folder",
};

/** The folder before a file may be the reason why it is not there. */
async function noFile(mirror: Mirror, commit: string, path: string): Promise<GitRefusal> {
  const { branch } = mirror.place;
  for (let above = posix.dirname(path); above !== "."; above = posix.dirname(above)) {
    const mode = (await entryAt(mirror, commit, above))?.mode;
    if (mode === undefined) continue;
    if (mode === "040000") break;
    return new GitRefusal(
      "NotAFile",
      `${above} on ${branch} is ${ODD[mode] ?? "a file"}, so there is no ${path}. Correct git.path of the Server.`,
    );
  }
  return new GitRefusal(
    "FileMissing",
    `There is no file ${path} on ${branch}. Correct git.path or the change of the Server, or commit the file.`,
  );
}

/** A file as it is at a commit. What is no plain file is a refusal: it would write somewhere else. */
export async function readFile(mirror: Mirror, commit: string, path: string): Promise<string> {
  const entry = await entryAt(mirror, commit, path);
  if (entry === undefined) throw await noFile(mirror, commit, path);
  const odd = ODD[entry.mode];
  if (odd !== undefined)
    throw new GitRefusal("NotAFile", `${path} on ${mirror.place.branch} is ${odd}; a plain file is needed there.`);
  const bytes = await must(mirror, ["cat-file", "blob", entry.id]);
  if (bytes.length > MAX_FILE_BYTES) throw tooLarge(path);
  try {
    // The byte order mark stays: every character is written back as it was.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new GitRefusal("FileUnreadable", `${path} on ${mirror.place.branch} is not UTF-8.`);
  }
}

export interface Author {
  readonly name: string;
  readonly email: string;
}

/** A commit on top of `parent` with these files changed. Nothing else of it is touched, and no work tree exists. */
export async function commitOn(
  mirror: Mirror,
  parent: string,
  files: ReadonlyMap<string, string>,
  message: string,
  { author, now }: { readonly author: Author; readonly now: number },
): Promise<string> {
  const env = { GIT_INDEX_FILE: join(mirror.session.folder, `index-${randomUUID()}`) };
  await must(mirror, ["read-tree", parent], { env });
  let lines = "";
  for (const [path, text] of files) {
    const entry = await entryAt(mirror, parent, path);
    const id = (await must(mirror, ["hash-object", "-w", "--no-filters", "--stdin"], { input: text }))
      .toString()
      .trim();
    lines += `${entry?.mode ?? "100644"} ${id}\t${path}\0`;
  }
  await must(mirror, ["update-index", "-z", "--index-info"], { env, input: lines });
  const tree = (await must(mirror, ["write-tree", "--missing-ok"], { env })).toString().trim();
  const when = `${Math.floor(now / 1000)} +0000`;
  const who = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: when,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: when,
  };
  const sign = mirror.session.signingKey === undefined ? [] : ["-S"];
  const args = ["commit-tree", ...sign, "-p", parent, "-F", "-", tree];
  return (await must(mirror, args, { env: who, input: message })).toString().trim();
}

/** Milliseconds since 1970; undefined where the commit is not there. */
export async function committedAt(mirror: Mirror, commit: string): Promise<number | undefined> {
  const { code, out } = await mirror.run(["show", "--no-patch", "--format=%ct", commit]);
  const seconds = Number(out.toString().trim());
  return code === 0 && Number.isSafeInteger(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

export const isAncestor = async (mirror: Mirror, older: string, newer: string): Promise<boolean> =>
  (await mirror.run(["merge-base", "--is-ancestor", older, newer])).code === 0;
