import type { KubeObject } from "../kube/types.ts";

interface Watched {
  readonly store: { readonly all: () => Iterable<KubeObject> };
  readonly subscribe: (subscriber: (key: string, object: KubeObject | undefined) => void) => unknown;
}

/**
 * The latest time that the API server has stamped on anything that is watched: a second clock, which stays where it was when
 * somebody sets the first one back.
 */
export function latestStamp(watched: readonly Watched[]): () => number {
  let latest = 0;
  const look = (object: KubeObject | undefined): void => {
    const at = Date.parse(object?.metadata.creationTimestamp ?? "");
    if (at > latest) latest = at;
  };
  for (const { store, subscribe } of watched) {
    subscribe((_key, object) => look(object));
    for (const object of store.all()) look(object);
  }
  return () => latest;
}
