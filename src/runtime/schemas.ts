import type { Client } from "../kube/client.ts";
import { pause } from "../kube/pause.ts";
import type { KubeObject, Resource } from "../kube/types.ts";
import type { Log } from "./log.ts";

const CRDS: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

/** Lists a kind anew when its schema changed: an open watch goes on reading by the old one, and no event ever corrects that. */
export type Schemas = {
  readonly look: (signal: AbortSignal) => Promise<void>;
  /** Looks now and then; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
};

const LOOK_MS = 30_000;

export const createSchemas = (options: {
  readonly client: Client;
  readonly log: Log;
  readonly kinds: readonly { readonly resource: Resource; readonly refresh: () => void }[];
}): Schemas => {
  const { client, log, kinds } = options;
  const known = new Map<string, number | undefined>();
  /** A schema takes effect a moment after it was accepted, so the look after the one that saw it counts as well. */
  const fresh = new Set<string>();

  const look = async (signal: AbortSignal): Promise<void> => {
    for (const { resource, refresh } of kinds) {
      const name = `${resource.plural}.${resource.group}`;
      const { generation }: KubeObject["metadata"] = (await client.get(CRDS, { name }, { signal })).metadata;
      const changed = known.has(name) && known.get(name) !== generation;
      known.set(name, generation);
      if (changed) log.info({ kind: resource.kind, generation }, "The schema of a kind changed; it is listed anew.");
      if (changed || fresh.delete(name)) refresh();
      if (changed) fresh.add(name);
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await look(signal);
      } catch (error) {
        if (!signal.aborted) log.info({ err: error }, "The schemas of the kinds could not be read; trying again.");
      }
      await pause(LOOK_MS, signal).catch(() => undefined);
    }
  };

  return { look, run };
};
