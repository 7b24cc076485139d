import type { Client } from "../../kube/client.ts";
import { ApiError, notFound } from "../../kube/errors.ts";
import type { Resource } from "../../kube/types.ts";
import { at, listAt, textAt } from "../loose.ts";

/** Where a kind is served, by asking the API server once per group and version; undefined where it is not. */
export type KindsOf = (apiVersion: string, kind: string, signal: AbortSignal) => Promise<Resource | undefined>;

const resourcesIn = (apiVersion: string, text: string): ReadonlyMap<string, Resource> => {
  const [first = "", second] = apiVersion.split("/");
  const group = second === undefined ? "" : first;
  const version = second ?? first;
  const kinds = new Map<string, Resource>();
  for (const item of listAt(JSON.parse(text), "resources")) {
    const plural = textAt(item, "name");
    const kind = textAt(item, "kind");
    if (plural === undefined || kind === undefined || plural.includes("/")) continue;
    kinds.set(kind, { group, version, plural, kind, namespaced: at(item, "namespaced") === true });
  }
  return kinds;
};

const SEGMENT = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?(\/[a-z0-9]+)?$/;

export const createKinds = (client: Client): KindsOf => {
  const known = new Map<string, ReadonlyMap<string, Resource>>();
  return async (apiVersion, kind, signal) => {
    const cached = known.get(apiVersion)?.get(kind);
    if (cached !== undefined) return cached;
    if (!SEGMENT.test(apiVersion)) return undefined;
    const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const found = resourcesIn(apiVersion, await client.raw(path, { signal }));
      known.set(apiVersion, found);
      return found.get(kind);
    } catch (error) {
      if (error instanceof ApiError && notFound(error)) return undefined;
      throw error;
    }
  };
};
