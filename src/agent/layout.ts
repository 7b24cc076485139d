import { lstat, mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { OrderClaims } from "../api/order.ts";
import { syncFolder } from "./durable.ts";

/** Where things lie under the root: `<app>/<layer>/{current, releases/, incoming/}`; app and layer cannot begin with a dot. */
export interface Place {
  readonly folder: string;
  readonly current: string;
  readonly releases: string;
  readonly incoming: string;
}

export const placeOf = (root: string, app: string, layer: string): Place => {
  const folder = join(root, app, layer);
  return {
    folder,
    current: join(folder, "current"),
    releases: join(folder, "releases"),
    incoming: join(folder, "incoming"),
  };
};

/** One name per sequence, so that no two orders ever share a folder, and sorting by name is sorting by age. */
export const releaseName = ({ sequence, version }: Pick<OrderClaims, "sequence" | "version">): string =>
  `${String(sequence).padStart(16, "0")}-${version}`;

/** The release that `current` points at; undefined when there is none yet. */
export const currentRelease = (place: Place): Promise<string | undefined> =>
  readlink(place.current).then(
    (target) => basename(target),
    () => undefined,
  );

/** Whether a release lies there. */
export const keeps = (place: Place, name: string): Promise<boolean> =>
  lstat(join(place.releases, name)).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** An empty folder for what comes in; what a crash left there is thrown away. */
export const clearIncoming = async (place: Place): Promise<void> => {
  await rm(place.incoming, { recursive: true, force: true });
  await mkdir(place.incoming, { recursive: true, mode: 0o700 });
  await mkdir(place.releases, { recursive: true, mode: 0o755 });
};

/** Puts an unpacked tree beside the others under its final name. */
export const shelve = async (place: Place, unpacked: string, name: string): Promise<void> => {
  const release = join(place.releases, name);
  await rm(release, { recursive: true, force: true });
  await rename(unpacked, release);
  await syncFolder(place.releases);
};

/** Takes away a release that was never switched to. */
export const discard = (place: Place, name: string): Promise<void> =>
  rm(join(place.releases, name), { recursive: true, force: true });

/** `current` names the old release or the new one at every moment, also across a power cut. */
export const switchTo = async (place: Place, name: string): Promise<void> => {
  const next = join(place.folder, "current.next");
  await rm(next, { force: true });
  await symlink(join("releases", name), next);
  await rename(next, place.current);
  await syncFolder(place.folder);
};

/** Keeps the newest n releases and never throws away the current one or those named. */
export const prune = async (
  place: Place,
  keep: number,
  spared: readonly (string | undefined)[],
): Promise<{ readonly gone: readonly string[]; readonly kept: readonly string[] }> => {
  const names = (await readdir(place.releases)).sort();
  const safe = new Set([...names.slice(-keep), ...spared, await currentRelease(place)]);
  const gone = names.filter((name) => !safe.has(name));
  for (const name of gone) await rm(join(place.releases, name), { recursive: true, force: true });
  return { gone, kept: names.filter((name) => safe.has(name)) };
};
