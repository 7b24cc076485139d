import type { Files } from "../kubernetes/files.ts";
import { isBelow, isManifest } from "../kubernetes/files.ts";
import { readBlobs } from "./blobs.ts";
import { type Mirror, must } from "./mirror.ts";
import { GitRefusal } from "./refusal.ts";

/** More than any app has; a folder with more is the wrong folder. */
const MOST_FILES = 1_000;
const MAX_FILE_BYTES = 1024 * 1024;

/** Whether a branch or a tag of the mirror has the commit. Nothing is fetched for the answer: hosts give commits of forks, too, to whoever asks by id. */
async function isOnBranch(mirror: Mirror, commit: string): Promise<boolean> {
  const args = ["for-each-ref", "--count=1", "--format=%(refname)", "--contains", commit, "refs/heads", "refs/tags"];
  const { code, out } = await mirror.run(args, { env: { GIT_ALLOW_PROTOCOL: "none" } });
  return code === 0 && out.length > 0;
}

/** The branch or tag that is at the commit now, which is the usual case and costs the least. */
async function tipAt(mirror: Mirror, commit: string): Promise<string | undefined> {
  const out = await must(mirror, ["ls-remote", "--heads", "--tags", "origin"]);
  const line = out
    .toString()
    .split("\n")
    .find((one) => one.startsWith(`${commit}\t`));
  return line?.slice(commit.length + 1).replace(/\^\{\}$/, "");
}

/** Has the commit in the mirror, with a branch or a tag that it is on: who can push to a fork cannot push to the repository. */
async function fetchCommit(mirror: Mirror, commit: string): Promise<void> {
  const fetch = (...refs: readonly string[]): Promise<Buffer> =>
    must(mirror, ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", ...refs]);
  if (await isOnBranch(mirror, commit)) return;
  const tip = await tipAt(mirror, commit);
  if (tip !== undefined) {
    await fetch(`+${tip}:${tip}`);
    if (await isOnBranch(mirror, commit)) return;
  }
  await fetch("--prune", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*");
  if (await isOnBranch(mirror, commit)) return;
  throw new GitRefusal(
    "CommitMissing",
    `${mirror.place.url} has no commit ${commit} on a branch or a tag, and one that only a fork has does not count. The author of the update pushes a new one with a commit that is there.`,
  );
}

/** The manifests below a folder at a commit. Links and submodules are passed over: they hold nothing of this repository. */
export async function filesAt(mirror: Mirror, commit: string, folder: string): Promise<Files> {
  await fetchCommit(mirror, commit);
  const out = await must(mirror, [
    "ls-tree",
    "-r",
    "-z",
    "--full-tree",
    commit,
    ...(folder === "" ? [] : ["--", folder]),
  ]);
  const found = out
    .toString()
    .split("\0")
    .flatMap((line) => {
      const [, mode, id, path] = /^(\d+) blob ([0-9a-f]+)\t([\s\S]+)$/.exec(line) ?? [];
      const isFile = mode === "100644" || mode === "100755";
      return isFile && id !== undefined && path !== undefined && isManifest(path) && isBelow(folder, path)
        ? [{ id, path }]
        : [];
    });
  if (found.length > MOST_FILES)
    throw new GitRefusal(
      "TooManyFiles",
      `${folder === "" ? "The repository" : folder} has ${found.length} manifests at ${commit.slice(0, 12)}, more than ${MOST_FILES}; name a folder of its own in spec.kubernetes.path.`,
    );
  const files = new Map<string, string>();
  const blobs = await readBlobs(
    mirror,
    `${commit}:${folder}`,
    found.map(({ id }) => id),
  );
  for (const { id, path } of found) {
    const bytes = blobs.get(id) ?? Buffer.alloc(0);
    if (bytes.length > MAX_FILE_BYTES)
      throw new GitRefusal("FileTooLarge", `${path} is larger than 1 MiB at ${commit.slice(0, 12)}; split it.`);
    files.set(path, bytes.toString("utf8"));
  }
  return files;
}
