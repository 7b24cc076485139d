import { ReleaseManifest } from "../../api/order.ts";
import { problems } from "../../api/problems.ts";
import type { Assignment } from "../assignment.ts";
import { type Files, folderOf, type ReadArchive, type ReadTree } from "./files.ts";
import type { Ledger, Release } from "./ledger.ts";
import { type Manifest, readManifests } from "./manifests.ts";
import { badManifests, Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** How the files of an artifact are had. */
export interface Readers {
  readonly readArchive: ReadArchive;
  readonly readTree: ReadTree;
}

/** A leading `v` says nothing. */
const plain = (version: string): string => version.replace(/^v/, "");

/** `ashat.json` of an archive says what it is; that it is something else than was ordered is not found out by applying it. */
const modulesIn = (files: Files, { app, layer, version }: Assignment): readonly string[] => {
  const text = files.get("ashat.json");
  if (text === undefined) throw badManifests("The archive has no file ashat.json at its root.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badManifests("ashat.json of the archive is not JSON.");
  }
  const parsed = ReleaseManifest.safeParse(value);
  if (!parsed.success) throw badManifests(`ashat.json of the archive is not well formed: ${problems(parsed.error)}`);
  const found = parsed.data;
  if (found.app !== app || found.layer !== layer || plain(found.version) !== plain(version))
    throw new Refusal(
      422,
      "ManifestMismatch",
      `ashat.json is of ${found.app}, layer ${found.layer}, version ${found.version}, but ${app}, ${layer}, ${version} was ordered. Nothing was applied; publish an archive whose ashat.json says what the update says.`,
    );
  return found.modules.map(({ name }) => name);
};

/** The release that shall run, and its manifests. */
export interface Wanted {
  readonly release: Release;
  readonly manifests: readonly Manifest[];
  /** The releases that are kept beside it. */
  readonly others: readonly Release[];
}

export const toDeliver = async (
  deps: Readers,
  { place }: Session,
  assignment: Assignment,
  ledger: Ledger | undefined,
  signal: AbortSignal,
): Promise<Wanted> => {
  const { action, app, layer, sequence, version, digest } = assignment;
  if (action.do !== "deliver") throw new TypeError("a restore fetches nothing");
  const path = folderOf(place.spec.path.replaceAll("{app}", app).replaceAll("{layer}", layer));
  if (path.split("/").includes(".."))
    throw badManifests(`spec.kubernetes.path of the server leads out of the artifact (${path}); correct it.`);
  const { archive, git } = action.artifact;
  if (archive === undefined && git === undefined)
    throw badManifests("An image has no manifests; give the update an archive or a git artifact that holds them.");
  const files =
    archive === undefined
      ? await deps.readTree(git?.url ?? "", git?.commit ?? "", path, signal, place.access)
      : await deps.readArchive(archive, path, signal, place.access);
  const modules = archive === undefined ? [] : [...modulesIn(files, assignment)];
  return {
    release: { sequence, version, digest, modules, good: false },
    manifests: await readManifests(files, path, signal),
    others: ledger?.book.releases ?? [],
  };
};

/** What was kept of the release that ran before; what came after it is not kept any longer. */
export const toRestore = ({ version, digest, action }: Assignment, ledger: Ledger | undefined): Wanted => {
  const undoes = action.do === "restore" ? action.undoes : Number.POSITIVE_INFINITY;
  const releases = ledger?.book.releases ?? [];
  const kept = releases.filter((release) => release.digest === digest);
  const found = kept.find(({ sequence }) => sequence < undoes) ?? kept[0];
  const manifests = found === undefined ? undefined : ledger?.manifests.get(found.sequence);
  if (found === undefined || manifests === undefined)
    throw new Refusal(
      409,
      "SnapshotGone",
      `No manifests of ${version} (${digest}) are kept there. Nothing was applied; whoever wants that version there again makes a new update that brings it.`,
    );
  if (plain(found.version) !== plain(version))
    throw new Refusal(
      409,
      "ManifestMismatch",
      `What is kept there of ${digest} is ${found.version}, but ${version} was ordered.`,
    );
  return { release: found, manifests, others: releases.filter(({ sequence }) => sequence < found.sequence) };
};
