import type { WaitFor } from "../../api/wait-for.ts";
import type { Client } from "../../kube/client.ts";
import { ApiError, forbidden, notFound } from "../../kube/errors.ts";
import type { KubeObject, Resource } from "../../kube/types.ts";
import { refusalIn } from "../../dial/address-rules.ts";
import { at } from "../loose.ts";
import { judgeApplication, revisionsOfApplication } from "./application.ts";
import { type Awaited, commitIn, type Judgement, short } from "./awaited.ts";
import { appliedBy, gitChartOf, type HelmObjects, judgeHelmRelease, revisionsOfHelm } from "./helm-release.ts";
import { APPLICATIONS, GIT_REPOSITORIES, HELM_CHARTS, HELM_RELEASES, KUSTOMIZATIONS } from "./kinds.ts";
import { judgeKustomization, type Named, progressOf, revisionsOfKustomization } from "./kustomization.ts";
import { askArgo, askFlux, type NotAsked, sourceOf } from "./refresh.ts";

/** One layer of an app on a Server, and what waits for it. */
export interface WaitPlace {
  readonly wait: WaitFor;
  /** Namespace of the Server. */
  readonly namespace: string;
  readonly app: string;
  readonly layer: string;
}

export interface Delivered extends Omit<Awaited, "contains" | "healthySeconds"> {
  /** Whether a commit has ours in its past; asked once for each commit that is named there. */
  readonly contains: (commit: string, signal: AbortSignal) => Promise<boolean>;
}

/** What was unhealthy when it was last said, by what is waited for and the commit: whoever tries again has forgotten it. */
export type Heard = Map<string, string>;
const MOST_HEARD = 1_000;

const namedAgain = (judgement: Judgement, { namespace, name }: Named, id: string, heard: Heard): Judgement => {
  if (judgement.state !== "Unhealthy") return judgement;
  if (judgement.untold === true) {
    const before = heard.get(id);
    const more =
      before === undefined
        ? `its events say what is unhealthy: kubectl describe ${KUSTOMIZATIONS.plural}.${KUSTOMIZATIONS.group} ${name} -n ${namespace}`
        : `before: ${before}`;
    return { state: "Unhealthy", message: `${judgement.message}; ${more}` };
  }
  heard.delete(id);
  heard.set(id, judgement.message);
  const [oldest] = heard.keys();
  if (heard.size > MOST_HEARD && oldest !== undefined) heard.delete(oldest);
  return judgement;
};

/** The cluster could not be asked, or does not answer this account: it is asked again. */
export type Seen = Judgement | { readonly state: "Unreachable"; readonly message: string };

const filled = (text: string, { app, layer }: WaitPlace): string =>
  text.replaceAll("{app}", app).replaceAll("{layer}", layer);

const named = (place: WaitPlace, of: { readonly name: string; readonly namespace?: string | undefined }): Named => ({
  namespace: of.namespace ?? place.namespace,
  name: filled(of.name, place),
});

/** What has to be read in whose cluster: the Secret is the caller's to read. */
export const secretOf = ({ kustomization, helmRelease, argocd }: WaitFor): string | undefined =>
  (kustomization ?? helmRelease ?? argocd)?.secretRef?.name;

const awaitedBy = async (
  { commit, deliveredAt, contains }: Delivered,
  { wait }: WaitPlace,
  revisions: readonly string[],
  signal: AbortSignal,
): Promise<Awaited> => {
  const others = new Set(revisions.map(commitIn).filter((found) => found !== undefined && found !== commit));
  const ours = new Set<string>();
  for (const other of others) if (other !== undefined && (await contains(other, signal))) ours.add(other);
  return { commit, deliveredAt, healthySeconds: wait.healthySeconds, contains: (other) => ours.has(other) };
};

const told = (judgement: Judgement, notAsked: NotAsked): Judgement =>
  notAsked === undefined || judgement.state === "Healthy"
    ? judgement
    : { ...judgement, message: `${judgement.message}; ${notAsked}` };

/** Looks once: reads what is waited for, asks it to look where it has not seen our commit yet, and judges it. */
export const lookAt = async (
  client: Client,
  place: WaitPlace,
  delivered: Delivered,
  heard: Heard,
  now: number,
  signal: AbortSignal,
): Promise<Seen> => {
  const find = (resource: Resource, it: Named): Promise<KubeObject | undefined> =>
    client.find(resource, it, { signal });
  try {
    const { kustomization, helmRelease, argocd } = place.wait;
    if (kustomization !== undefined) {
      const it = named(place, kustomization);
      const object = await find(KUSTOMIZATIONS, it);
      const awaited = await awaitedBy(delivered, place, revisionsOfKustomization(object), signal);
      const id = `${object?.metadata.uid} ${delivered.commit}`;
      const judged = namedAgain(judgeKustomization(object, it, awaited, now), it, id, heard);
      if (progressOf(object, awaited).attempted) return judged;
      const source = sourceOf(at(object, "spec", "sourceRef"), it.namespace);
      return told(
        judged,
        await askFlux(client, { resource: KUSTOMIZATIONS, named: it, object }, source, { awaited, now }, signal),
      );
    }
    if (helmRelease !== undefined) {
      const it = named(place, helmRelease);
      const release = await find(HELM_RELEASES, it);
      const by = appliedBy(release);
      const chartAt = gitChartOf(release);
      const objects: HelmObjects = {
        release,
        ...(by && { kustomization: await find(KUSTOMIZATIONS, by) }),
        ...(chartAt && { chart: await find(HELM_CHARTS, chartAt) }),
      };
      const awaited = await awaitedBy(delivered, place, revisionsOfHelm(objects), signal);
      const judged = judgeHelmRelease(objects, it, awaited, now);
      if (judged.state === "Healthy") return judged;
      return told(judged, await askForHelm(client, objects, it, { awaited, now }, signal));
    }
    if (argocd !== undefined) {
      const it = { namespace: argocd.namespace, name: filled(argocd.application, place) };
      const object = await find(APPLICATIONS, it);
      const awaited = await awaitedBy(delivered, place, revisionsOfApplication(object), signal);
      const judged = judgeApplication(object, it, awaited, now);
      return judged.state === "Healthy" ? judged : told(judged, await askArgo(client, it, object, awaited, signal));
    }
    return {
      state: "NotThere",
      message: `waitFor of this server names nothing to wait for ${short(delivered.commit)}`,
    };
  } catch (error) {
    signal.throwIfAborted();
    return whyNot(error, place);
  }
};

/** Down the chain: who applies the HelmRelease first, and the HelmRelease itself only when that has our commit. */
const askForHelm = async (
  client: Client,
  { release, kustomization }: HelmObjects,
  it: Named,
  { awaited, now }: { readonly awaited: Awaited; readonly now: number },
  signal: AbortSignal,
): Promise<NotAsked> => {
  const by = appliedBy(release);
  if (by !== undefined && kustomization !== undefined && !progressOf(kustomization, awaited).applied) {
    if (progressOf(kustomization, awaited).attempted) return undefined;
    const source = sourceOf(at(kustomization, "spec", "sourceRef"), by.namespace);
    return askFlux(
      client,
      { resource: KUSTOMIZATIONS, named: by, object: kustomization },
      source,
      { awaited, now },
      signal,
    );
  }
  const source = sourceOf(at(release, "spec", "chart", "spec", "sourceRef"), it.namespace);
  return askFlux(client, { resource: HELM_RELEASES, named: it, object: release }, source, { awaited, now }, signal);
};

/** What has to be granted where, for a cluster in which the operator is itself; elsewhere it is whoever the token is. */
const rights = ({ argocd, kustomization, helmRelease }: WaitFor, own: string): string => {
  const namespace = argocd?.namespace ?? (kustomization ?? helmRelease)?.namespace ?? own;
  const kinds = argocd ? [APPLICATIONS] : [KUSTOMIZATIONS, HELM_RELEASES, HELM_CHARTS, GIT_REPOSITORIES];
  const resources = kinds.map(({ plural, group }) => `${plural}.${group}`).join(",");
  return (
    `kubectl create role ashat-waits -n ${namespace} --verb=get,patch --resource=${resources} && ` +
    `kubectl create rolebinding ashat-waits -n ${namespace} --role=ashat-waits --serviceaccount=ashat-system:ashat`
  );
};

const whyNot = (error: unknown, { wait, namespace }: WaitPlace): Seen => {
  const refusal = refusalIn(error);
  if (refusal !== undefined) return { state: "Unreachable", message: refusal.message };
  if (!(error instanceof ApiError)) throw error;
  const what = wait.argocd === undefined ? "Flux" : "Argo CD";
  if (notFound(error))
    return {
      state: "NotThere",
      message: `the kinds of ${what} that are waited for are not served by that cluster; install ${what} there, or let spec.waitFor name another cluster by secretRef`,
    };
  if (forbidden(error))
    return {
      state: "Unreachable",
      message: `the operator may not read what it waits for: ${error.message}. Whoever runs ${what} there lets it: ${rights(wait, namespace)}`,
    };
  return { state: "Unreachable", message: `the cluster with ${what} cannot be asked: ${error.message}` };
};

/** A wait that is over, in the words of a delivery: only what is known to be unhealthy at our revision is a written failure. */
export const endOf = (
  seen: Seen,
  { deliveredAt }: Pick<Delivered, "deliveredAt">,
  { timeoutSeconds }: Pick<WaitFor, "timeoutSeconds">,
  now: number,
): { readonly state: "Applied" | "Failed" | "Switching"; readonly reason: string; readonly message: string } => {
  if (seen.state === "Healthy") return { state: "Applied", reason: "Applied", message: seen.message };
  // What is well only has to stay so: that needs no more time than it says.
  const settles = seen.state === "Working" && seen.since !== undefined;
  if (settles || now - deliveredAt < timeoutSeconds * 1000)
    return { state: "Switching", reason: seen.state, message: seen.message };
  return {
    state: "Failed",
    reason: seen.state === "Unhealthy" ? "HealthFailed" : "WaitTimedOut",
    message: `it did not become healthy within ${timeoutSeconds} s: ${seen.message}`,
  };
};
