import type { Artifact } from "../../api/artifact.ts";
import { orderKey } from "../../api/order.ts";
import type { Assignment } from "../assignment.ts";
import { changesOf, fileOf, wantedBy } from "./edits/change.ts";
import { folderOf, inside } from "./edits/inside.ts";
import { written } from "./edits/place.ts";
import { parseSource } from "./edits/source.ts";
import { valuesOf } from "./edits/values.ts";
import { putBack, read, type Standing, write } from "./edits/write.ts";
import { type Sources, valuesHash } from "./fields.ts";
import { claimsOf, entryOf, type Ledger } from "./ledger.ts";
import type { Wrote } from "./message.ts";
import type { Mirror } from "./mirror.ts";
import { GitRefusal } from "./refusal.ts";
import type { GitPlace } from "./target.ts";

/** What a commit on top of one head would change; no files where everything stands as it shall. */
export interface Plan {
  readonly files: ReadonlyMap<string, string>;
  readonly wrote: readonly Wrote[];
  /** `valuesHash` of what stands in these fields afterwards. */
  readonly values: string;
}

/** Files that are being changed one value after the other. */
const drafts = (sources: Sources, head: string) => {
  const files = new Map<string, string>();
  return {
    files,
    source: async (file: string) => {
      const text = files.get(file);
      return text === undefined ? sources(head, file) : parseSource(file, text);
    },
    put: async (file: string, text: string): Promise<void> => {
      if ((await sources(head, file)).text === text) files.delete(file);
      else files.set(file, text);
    },
  };
};

type Drafts = ReturnType<typeof drafts>;

async function planned({ files, source }: Drafts, wrote: readonly Wrote[]): Promise<Plan> {
  const fields: (Standing | undefined)[] = [];
  for (const { file, place } of wrote) fields.push(read(await source(file), place));
  return { files, wrote, values: valuesHash(fields) ?? "" };
}

export async function planDelivery(
  sources: Sources,
  head: string,
  place: GitPlace,
  assignment: Assignment,
  artifact: Artifact,
): Promise<Plan> {
  const folder = folderOf(place.path, assignment.app, assignment.layer);
  const values = valuesOf(assignment, artifact);
  const draft = drafts(sources, head);
  const wrote: Wrote[] = [];
  for (const change of changesOf(place.change)) {
    const file = inside(folder, fileOf(change));
    for (const wanted of wantedBy(await draft.source(file), change, values)) {
      await draft.put(file, write(await draft.source(file), wanted));
      wrote.push({ file, place: wanted.place });
    }
  }
  return planned(draft, wrote);
}

/** Exactly the values that one delivery wrote, back to what they were before it, wherever else the branch has gone since. */
export async function planRestore(
  mirror: Mirror,
  sources: Sources,
  ledger: Ledger,
  assignment: Assignment,
  undoes: number,
): Promise<Plan | undefined> {
  const { head } = ledger;
  const { place } = mirror;
  const { key, app, layer } = assignment;
  const uid = key.slice(0, key.indexOf("."));
  const undone = orderKey({ targetUid: uid, app, layer, sequence: undoes });
  const entry = await entryOf(mirror, ledger, undone);
  if (entry === undefined) {
    const [claim] = await claimsOf(mirror, ledger, undone);
    if (claim === undefined) return undefined;
    throw new GitRefusal(
      "SealMissing",
      `Commit ${claim.commit.slice(0, 12)} says that it is order ${undone}, and nothing proves it with the order key of this operator, so nothing was put back. Look at it, and take it back by hand: git revert ${claim.commit}.`,
      409,
    );
  }
  if (entry.parent === undefined)
    throw new GitRefusal(
      "Conflict",
      `Commit ${entry.commit} is the first one of ${place.branch}: nothing was before it.`,
      409,
    );
  const folder = folderOf(place.path, app, layer);
  const draft = drafts(sources, head);
  for (const { file, place: at } of entry.wrote) {
    const path = inside(
      folder,
      file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : folder === "." ? file : `../${file}`,
    );
    const was = read(await sources(entry.parent, path), at);
    const ours = read(await sources(entry.commit, path), at);
    const source = await draft.source(path);
    const now = read(source, at);
    if (was?.value === ours?.value || now?.value === was?.value) continue;
    if (now?.value !== ours?.value)
      throw new GitRefusal(
        "Conflict",
        `${path}: ${written(at.path)} was changed by somebody else since commit ${entry.commit.slice(0, 12)} wrote it, so nothing was put back. Correct it in the repository by hand, or deliver another version.`,
        409,
      );
    await draft.put(path, putBack(source, at, was));
  }
  return planned(draft, entry.wrote);
}
