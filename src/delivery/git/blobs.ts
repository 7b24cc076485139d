import { type Mirror, MirrorBroken, must } from "./mirror.ts";

/** The files below a tree that are not in the mirror; asking for one of them by itself would fetch it by itself. */
async function missingBelow(mirror: Mirror, tree: string): Promise<ReadonlySet<string>> {
  const out = await must(mirror, ["rev-list", "--objects", "--no-object-names", "--missing=print", tree]);
  return new Set(
    out
      .toString()
      .split("\n")
      .flatMap((line) => /^\?([0-9a-f]+)$/.exec(line)?.[1] ?? []),
  );
}

/** The content of many files below a tree by their ids: those that are not in the mirror are fetched together, not one after the other. */
export async function readBlobs(
  mirror: Mirror,
  tree: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (ids.length === 0) return found;
  const below = await missingBelow(mirror, tree);
  const missing = [...new Set(ids)].filter((id) => below.has(id));
  const fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--stdin", "origin"];
  if (missing.length > 0)
    await must(mirror, ["-c", "fetch.negotiationAlgorithm=noop", ...fetch], { input: `${missing.join("\n")}\n` });
  const out = await must(mirror, ["cat-file", "--batch"], { input: `${ids.join("\n")}\n` });
  let at = 0;
  for (const id of ids) {
    const end = out.indexOf(10, at);
    const [, size] = /^[0-9a-f]+ blob (\d+)$/.exec(out.subarray(at, end).toString()) ?? [];
    if (size === undefined) throw new MirrorBroken(`${id} was fetched and is not there`);
    found.set(id, out.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return found;
}
