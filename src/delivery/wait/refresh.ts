import type { Client } from "../../kube/client.ts";
import { ApiError, forbidden, notFound } from "../../kube/errors.ts";
import type { Resource } from "../../kube/types.ts";
import { at, textAt, timeAt } from "../loose.ts";
import type { Awaited } from "./awaited.ts";
import { isOurs } from "./awaited.ts";
import type { Named } from "./kustomization.ts";
import { APPLICATIONS, GIT_REPOSITORIES } from "./kinds.ts";

const REQUESTED = "reconcile.fluxcd.io/requestedAt";
const REFRESH = "argocd.argoproj.io/refresh";
const MANAGER = "ashat";

/** Why it could not be asked, as a sentence: then it is waited for until it looks by itself. */
export type NotAsked = string | undefined;

const role = ({ group, plural }: Resource, { namespace }: Named): string =>
  `grant it with: kubectl create role ashat-refresh-${plural} -n ${namespace} --verb=get,patch --resource=${plural}.${group}, and bind that role to whom the operator is there`;

const annotate = async (
  client: Client,
  resource: Resource,
  named: Named,
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<NotAsked> => {
  try {
    await client.mergePatch(resource, named, { metadata: { annotations } }, { fieldManager: MANAGER, signal });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ApiError)) throw error;
    // It went away meanwhile: whoever judges it says so.
    if (notFound(error)) return undefined;
    const what = `${resource.kind} ${named.namespace}/${named.name}`;
    return forbidden(error)
      ? `${what} may not be asked to look at once (${role(resource, named)}); it looks at its own interval`
      : `${what} could not be asked to look at once: ${error.message}`;
  }
};

/** Once per revision: who finds our commit there was not the first to ask. */
const requestOnce = async (
  client: Client,
  resource: Resource,
  named: Named,
  object: unknown,
  awaited: Awaited,
  signal: AbortSignal,
): Promise<NotAsked> =>
  textAt(object, "metadata", "annotations", REQUESTED) === awaited.commit
    ? undefined
    : annotate(client, resource, named, { [REQUESTED]: awaited.commit }, signal);

/** The GitRepository that something of Flux takes its files from. */
export const sourceOf = (ref: unknown, namespace: string): Named | undefined => {
  const name = textAt(ref, "name");
  if (textAt(ref, "kind") !== "GitRepository" || name === undefined) return undefined;
  return { namespace: textAt(ref, "namespace") ?? namespace, name };
};

/**
 * What takes from a source begins by itself when that has something new. Who asks it when it is at work makes it begin again as soon as it
 * has failed, and for ever after: what was unhealthy would be told for no moment that one could look at.
 */
const BEGINS_BY_ITSELF_MS = 10_000;

/** Asks Flux to look: the source while it has not fetched our commit, and then what takes from it, where that did not begin. */
export const askFlux = async (
  client: Client,
  it: { readonly resource: Resource; readonly named: Named; readonly object: unknown },
  source: Named | undefined,
  { awaited, now }: { readonly awaited: Awaited; readonly now: number },
  signal: AbortSignal,
): Promise<NotAsked> => {
  if (it.object === undefined) return undefined;
  if (source !== undefined) {
    const found = await client.find(GIT_REPOSITORIES, source, { signal }).catch((error: unknown) => {
      if (error instanceof ApiError && (forbidden(error) || notFound(error))) return undefined;
      throw error;
    });
    const isFetched = isOurs(awaited, textAt(found, "status", "artifact", "revision"));
    if (!isFetched) return requestOnce(client, GIT_REPOSITORIES, source, found, awaited, signal);
    const age = now - (timeAt(found, "status", "artifact", "lastUpdateTime") ?? 0);
    if (Math.abs(age) < BEGINS_BY_ITSELF_MS) return undefined;
  }
  return requestOnce(client, it.resource, it.named, it.object, awaited, signal);
};

/** Asks Argo CD to look at Git: it takes the annotation away when it has, so it is asked only while its last look is too old. */
export const askArgo = async (
  client: Client,
  named: Named,
  object: unknown,
  awaited: Awaited,
  signal: AbortSignal,
): Promise<NotAsked> => {
  if (object === undefined || at(object, "metadata", "annotations", REFRESH) !== undefined) return undefined;
  const finished = timeAt(object, "status", "operationState", "finishedAt") ?? 0;
  const looked = timeAt(object, "status", "reconciledAt") ?? 0;
  if (looked > Math.max(awaited.deliveredAt, finished)) return undefined;
  return annotate(client, APPLICATIONS, named, { [REFRESH]: "normal" }, signal);
};
