import type { Deployment } from "../api/deployment.ts";
import type { RecordSource } from "../api/record.ts";
import { sourceOf, syncedFrom, type SyncedFrom } from "../core/source.ts";
import { throttled, unreachable } from "../kube/errors.ts";
import type { Resource } from "../kube/types.ts";
import type { Context } from "./context.ts";

const kind = (group: string, version: string, name: SyncedFrom["kind"]): Resource => ({
  group,
  version,
  plural: `${name.toLowerCase()}s`,
  kind: name,
  namespaced: true,
});

const TOOLS: Readonly<Record<SyncedFrom["kind"], Resource>> = {
  Kustomization: kind("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"),
  Application: kind("argoproj.io", "v1alpha1", "Application"),
};

/** Asks the sync tool that an update is from for its revision. What it refuses, or has not, is not recorded: no update waits for it. */
export async function seeSource(
  { client }: Context,
  { metadata }: Deployment,
  isCreation: boolean,
  signal: AbortSignal,
): Promise<RecordSource | undefined> {
  const from = syncedFrom(metadata);
  if (from === undefined) return undefined;
  const { namespace, name } = from;
  const object = await client.get(TOOLS[from.kind], { namespace, name }, { signal }).catch((error: unknown) => {
    if (signal.aborted || throttled(error) || unreachable(error)) throw error;
    return undefined;
  });
  return sourceOf(from, object, metadata, isCreation);
}
