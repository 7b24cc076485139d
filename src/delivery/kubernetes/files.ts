import type { Artifact } from "../../api/artifact.ts";
import type { ArtifactAccess } from "./artifact-access.ts";

/** Files below a folder of an artifact: paths relative to the artifact, with `/`. */
export type Files = ReadonlyMap<string, string>;

/** Files of a commit below a folder; what cannot be had at the moment is an error that passes. */
export type ReadTree = (
  url: string,
  commit: string,
  folder: string,
  signal: AbortSignal,
  access?: ArtifactAccess,
) => Promise<Files>;
export type ReadArchive = (
  archive: NonNullable<Artifact["archive"]>,
  folder: string,
  signal: AbortSignal,
  access?: ArtifactAccess,
) => Promise<Files>;

/** What manifests are called, below the folder that is applied; and the one name of a kustomization that has no ending. */
export const isManifest = (path: string): boolean => /\.(ya?ml|json)$|(^|\/)Kustomization$/.test(path);

/** `./apps//shop/` and `apps/shop` are the same folder; the root is empty. */
export const folderOf = (path: string): string =>
  path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

export const isBelow = (folder: string, path: string): boolean => folder === "" || path.startsWith(`${folder}/`);
