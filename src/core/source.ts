import { z } from "zod";
import { actionsOf, AUTHOR_KEY } from "../api/actions.ts";
import { GROUP } from "../api/group.ts";
import type { Metadata } from "../api/meta.ts";
import type { RecordSource } from "../api/record.ts";

const ACCOUNT = /^system:serviceaccount:([^:]+):/;

/** A program, as the API server knows it; who told it what to do is known there, if anywhere. */
export const isServiceAccount = (user: string): boolean => ACCOUNT.test(user);

/** The object of a sync tool that an update is from, by what the tool writes on everything it applies. Nothing is proved by it. */
export type SyncedFrom = Pick<RecordSource, "kind" | "namespace" | "name">;

const FLUX = "kustomize.toolkit.fluxcd.io";
const TRACKED = "argocd.argoproj.io/tracking-id";

/** Where a record that names a service account would say it has its update from; nothing for what only people did. */
export function syncedFrom({ labels, annotations }: Metadata): SyncedFrom | undefined {
  const account = [annotations[AUTHOR_KEY], ...actionsOf(annotations).map(({ by }) => by)].find(
    (user) => user !== undefined && isServiceAccount(user),
  );
  if (account === undefined) return undefined;
  const from = ofFlux(labels) ?? ofArgo(annotations[TRACKED], ACCOUNT.exec(account)?.[1] ?? "");
  // What no object can be called is not asked for, and no record says it.
  return from !== undefined && isName(from.namespace) && isName(from.name) ? from : undefined;
}

const isName = (text: string): boolean => text.length <= 253 && /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(text);

function ofFlux(labels: Metadata["labels"]): SyncedFrom | undefined {
  const [name, namespace] = [labels[`${FLUX}/name`], labels[`${FLUX}/namespace`]];
  return name === undefined || namespace === undefined ? undefined : { kind: "Kustomization", namespace, name };
}

/** Argo CD names the namespace of an Application only where it is not its own. */
function ofArgo(tracked: string | undefined, own: string): SyncedFrom | undefined {
  const [first = "", second] = tracked?.split(":")[0]?.split("_") ?? [];
  return {
    kind: "Application",
    ...(second === undefined ? { namespace: own, name: first } : { namespace: first, name: second }),
  };
}

const Kustomization = z.object({
  lastAttemptedRevision: z.string(),
  inventory: z.object({ entries: z.array(z.object({ id: z.string() })) }).optional(),
});
const Application = z.object({
  operationState: z.object({ syncResult: z.object({ revision: z.string() }) }),
  resources: z
    .array(
      z.object({ group: z.string().optional(), kind: z.string(), namespace: z.string().optional(), name: z.string() }),
    )
    .default([]),
});

/**
 * What a record says of it: the revision the tool was at when the record was written. Both tools write it before they apply it, so it is the one
 * that brought what is recorded, or a later one. Labels are anybody's to write; so, but for the creation, whose
 * author wrote them, the tool itself must say that the update is among what it applied.
 */
export function sourceOf(
  from: SyncedFrom,
  object: unknown,
  { namespace, name }: Pick<Metadata, "namespace" | "name">,
  isCreation: boolean,
): RecordSource | undefined {
  const status = (object as { readonly status?: unknown } | undefined)?.status;
  switch (from.kind) {
    case "Kustomization": {
      const { data } = Kustomization.safeParse(status);
      const id = `${namespace}_${name}_${GROUP}_Deployment`;
      const isOurs = isCreation || data?.inventory?.entries.some((entry) => entry.id === id) === true;
      return isOurs ? withRevision(from, data?.lastAttemptedRevision) : undefined;
    }
    case "Application": {
      const { data } = Application.safeParse(status);
      const isOurs =
        isCreation ||
        data?.resources.some(
          (one) => one.group === GROUP && one.kind === "Deployment" && one.namespace === namespace && one.name === name,
        ) === true;
      return isOurs ? withRevision(from, data?.operationState.syncResult.revision) : undefined;
    }
    default:
      return from.kind;
  }
}

const withRevision = (from: SyncedFrom, revision: string | undefined): RecordSource => ({
  ...from,
  ...(revision !== undefined && revision !== "" && { revision: revision.slice(0, 512) }),
});
