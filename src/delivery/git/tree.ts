import type { Files } from "../kubernetes/files.ts";
import { isBelow, isManifest } from "../kubernetes/files.ts";
import { readBlobs } from "./blobs.ts";
import { type Mirror, must } from "./mirror.ts";
import { GitRefusal } from "./refusal.ts";

/** More than any app has; a folder with more is the wrong folder. */
const MOST_FILES = 1_000;
const MAX_FILE_BYTES = 1024 * 1024;

/** Has the commit in the mirror, by its id where the server gives that, else with all branches. */
async function fetchCommit(mirror: Mirror, commit: string): Promise<void> {
  const has = async (): Promise<boolean> => (await mirror.run(["cat-file", "-e", `${commit}^{commit}`])).code === 0;
  const fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin"];
  if (await has()) return;
  const direct = await mirror.run([...fetch, commit]);
  if (direct.code === 0 && (await has())) return;
  await must(mirror, [...fetch, "+refs/heads/*:refs/heads/*"]);
  if (await has()) return;
  throw new GitRefusal(
    "CommitMissing",
    `${mirror.place.url} has no commit ${commit}. The author of the update pushes a new one with a commit that is there.`,
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
