import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../kube/types.ts";
import { compareVersions, older } from "../kube/version.ts";
import { deepFreeze } from "./freeze.ts";
import { createIndexes } from "./indexes.ts";
import type { IndexFunctions } from "./indexes.ts";
import { keyOf } from "./kind.ts";

/** What became different: no object means deleted, no old one means added. */
export type Change<T> = { readonly key: string; readonly object: T | undefined; readonly old: T | undefined };

/** What readers may do. Every object is frozen and shared. */
export type StoreView<T, I extends string = string> = {
  readonly get: (key: string) => T | undefined;
  readonly all: () => IterableIterator<T>;
  /** Objects that carry this value in the index, in no particular order. */
  readonly by: (index: I, value: string) => readonly T[];
  readonly size: () => number;
};

export type Store<T, I extends string = string> = StoreView<T, I> & {
  /** Takes an object unless the store knows a newer state of that name; it may come from the watch or from a reply to an own write. */
  readonly put: (object: T) => readonly Change<T>[];
  readonly remove: (object: T) => readonly Change<T>[];
  /** The same of an object that stands in a list. */
  readonly putListed: (object: T) => readonly Change<T>[];
  /** A complete list begins: what is put from now on counts as listed. */
  readonly beginList: () => void;
  /** That list is of a server that was taken back to an earlier state: it counts, however new the objects are that are known. */
  readonly rewind: () => void;
  /**
   * The list is complete at this version: what it did not hold is gone, except what is newer than the list. What it held in an older state than
   * is known counts where the known one is not newer than the list: it would stand in it, so it is from a history that was taken back.
   */
  readonly endList: (resourceVersion: string) => readonly Change<T>[];
};

/** Enough to outlast any late reply; a forgotten one costs a resurrection until the next list, nothing more. */
const TOMBSTONES = 4096;
type Tombstone = { readonly uid: string; readonly version: string };

export const createStore = <T extends KubeObject, I extends string = never>(
  functions: IndexFunctions<T, I>,
): Store<T, I> => {
  const objects = new Map<string, T>();
  const tombstones = new Map<string, Tombstone>();
  const indexes = createIndexes(functions);
  let listed: Set<string> | undefined;
  let rewound = false;
  /** What the list holds and was not taken, because something newer is known. */
  let disputed = new Map<string, T>();

  const set = (key: string, object: T): void => {
    const old = objects.get(key);
    if (old !== undefined) indexes.drop(key, old);
    objects.set(key, deepFreeze(object));
    indexes.add(key, object);
  };

  const bury = (key: string, old: T | undefined, tombstone: Tombstone): readonly Change<T>[] => {
    tombstones.delete(key);
    tombstones.set(key, tombstone);
    for (const oldest of tombstones.keys()) {
      if (tombstones.size <= TOMBSTONES) break;
      tombstones.delete(oldest);
    }
    if (old === undefined) return [];
    objects.delete(key);
    indexes.drop(key, old);
    return [{ key, object: undefined, old }];
  };

  /** A deleted uid never returns; another uid of that name counts unless it is older than the deletion. */
  const dead = (key: string, uid: string, version: string): boolean => {
    const tombstone = tombstones.get(key);
    return tombstone !== undefined && (tombstone.uid === uid || older(version, tombstone.version));
  };

  const put = (object: T): readonly Change<T>[] => {
    const key = keyOf(object);
    const { uid, resourceVersion: version } = object.metadata;
    listed?.add(key);
    const old = objects.get(key);
    if (old === undefined) {
      if (dead(key, uid, version)) return [];
      set(key, object);
      return [{ key, object, old: undefined }];
    }
    const order = rewound ? 1 : compareVersions(version, old.metadata.resourceVersion);
    if (order !== undefined && order < 0) return [];
    // After a change of the kind's schema the same version reads differently; only a list brings it up.
    if (order === 0 && (listed === undefined || isDeepStrictEqual(object, old))) return [];
    if (old.metadata.uid === uid) {
      set(key, object);
      return [{ key, object, old }];
    }
    if (dead(key, uid, version)) return [];
    // Deleted and created anew in between: readers must not take it for a change of the same thing.
    const deletion = bury(key, old, { uid: old.metadata.uid, version: old.metadata.resourceVersion });
    set(key, object);
    return [...deletion, { key, object, old: undefined }];
  };

  const putListed = (object: T): readonly Change<T>[] => {
    const changes = put(object);
    const key = keyOf(object);
    const { uid, resourceVersion } = object.metadata;
    const now = objects.get(key)?.metadata;
    if (now?.uid === uid && now.resourceVersion === resourceVersion) disputed.delete(key);
    else disputed.set(key, object);
    return changes;
  };

  /** The list wins over what it would hold itself, had that ever been. */
  const settle = (key: string, object: T, resourceVersion: string): readonly Change<T>[] => {
    const old = objects.get(key);
    const known = old?.metadata.resourceVersion ?? tombstones.get(key)?.version;
    if (known !== undefined && older(resourceVersion, known)) return [];
    const deletion =
      old === undefined || old.metadata.uid === object.metadata.uid
        ? []
        : bury(key, old, { uid: old.metadata.uid, version: old.metadata.resourceVersion });
    if (deletion.length === 0) tombstones.delete(key);
    set(key, object);
    return [...deletion, { key, object, old: deletion.length === 0 ? old : undefined }];
  };

  const remove = (object: T): readonly Change<T>[] => {
    const key = keyOf(object);
    const { uid, resourceVersion: version } = object.metadata;
    const current = objects.get(key);
    // A late word about a predecessor of the same name.
    if (current !== undefined && current.metadata.uid !== uid && older(version, current.metadata.resourceVersion))
      return [];
    return bury(key, current, { uid, version });
  };

  const endList = (resourceVersion: string): readonly Change<T>[] => {
    const seen = listed;
    listed = undefined;
    const whole = rewound;
    rewound = false;
    const taken = disputed;
    disputed = new Map();
    // A list nobody began cannot say what is missing.
    if (seen === undefined) return [];
    const missing = [...objects].filter(
      ([key, object]) => !seen.has(key) && (whole || !older(resourceVersion, object.metadata.resourceVersion)),
    );
    return [
      ...[...taken].flatMap(([key, object]) => settle(key, object, resourceVersion)),
      ...missing.flatMap(([key, object]) => bury(key, object, { uid: object.metadata.uid, version: resourceVersion })),
    ];
  };

  return {
    get: (key) => objects.get(key),
    all: () => objects.values(),
    by: indexes.by,
    size: () => objects.size,
    put,
    putListed,
    remove,
    beginList: () => {
      listed = new Set();
      rewound = false;
      disputed = new Map();
    },
    rewind: () => {
      rewound = true;
      tombstones.clear();
    },
    endList,
  };
};
