import { EVIDENCE_FINALIZER, LABEL } from "../api/group.ts";
import { orderKey } from "../api/order.ts";
import { recordName } from "../api/record.ts";
import { type AppState, runsOf, type TargetStatus } from "../api/target.ts";
import type { Effect, Leftover } from "../core/decision.ts";
import { type JobDraft, verificationJob } from "../core/job.ts";
import { unreachable } from "../core/unreachable.ts";
import { speakerOf, wayTo } from "../core/ways.ts";
import type { Deployment } from "../api/deployment.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import { alreadyExists, notFound } from "../kube/errors.ts";
import type { Draft } from "../kube/types.ts";
import { allOf, atMost } from "../runtime/at-most.ts";
import { NotLeader } from "../runtime/fenced.ts";
import { askAgent, sendOrder, sendRestore } from "./agents.ts";
import type { Context } from "./context.ts";
import { inOrder } from "./effects.ts";
import type { Word } from "./heard.ts";
import { isOurs } from "./jobs.ts";
import { countRecord } from "./count-record.ts";
import { JOBS, MAINFRAMES, RECORDS, recordLabels, SERVERS } from "./kinds.ts";
import type { Sealable } from "./seal.ts";
import { trustOf } from "./trust.ts";

const TTL_SECONDS = 600;
/** Effects of one decision on different targets. */
const AT_ONCE = 32;

/** Does what was decided on an update, and says what targets answered; all of it is tried before the first failure is thrown. */
export async function act(
  context: Context,
  deployment: Deployment,
  effects: readonly Effect[],
  signal: AbortSignal,
): Promise<readonly Word[]> {
  const words = await each(context, effects, (effect) => doOne(context, deployment, effect, signal));
  return words.flatMap((word) => word ?? []);
}

export type LettingGo = Pick<Context, "client" | "stores" | "isLeader" | "work">;

/** The same for an update that is gone: nothing is delivered or verified any more. */
export async function letGo(
  context: LettingGo,
  namespace: string,
  effects: readonly Leftover[],
  signal: AbortSignal,
): Promise<void> {
  await each(context, effects, (effect) => clear(context, namespace, effect, signal));
}

/** Each may be done again after a crash: names and preconditions make the second time a no-op. */
async function each<E extends Pick<Effect, "do">, Result>(
  { isLeader }: Pick<Context, "isLeader">,
  effects: readonly E[],
  one: (effect: E) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const group of inOrder(effects)) {
    const done = await atMost(AT_ONCE, group, (effect) => {
      if (!isLeader()) throw new NotLeader("the leadership is not certain any more: nothing is done before it is");
      return one(effect);
    });
    results.push(...allOf(done));
  }
  return results;
}

async function doOne(
  context: Context,
  deployment: Deployment,
  effect: Effect,
  signal: AbortSignal,
): Promise<Word | readonly Word[] | undefined> {
  switch (effect.do) {
    case "deliver": {
      const { target, order } = effect;
      return {
        target: target.metadata.uid,
        key: orderKey(order),
        order: await sendOrder(context, deployment, effect, signal),
      };
    }
    case "restore": {
      const target = effect.target.metadata.uid;
      const order = await sendRestore(context, deployment, effect, signal);
      // What its agent said before is what ran before.
      return [
        { target, key: orderKey(effect.order), order },
        { target, agent: { state: "NotAsked" } },
      ];
    }
    case "startJob":
      return startJob(context, deployment, effect.target, effect.attempt, signal);
    case "claim":
    case "release":
    case "record":
    case "releaseJob":
      await clear(context, deployment.metadata.namespace, effect, signal);
      // What an agent said before its target was claimed may be another update's work by now.
      return effect.do === "claim" ? { target: effect.target.metadata.uid, agent: { state: "NotAsked" } } : undefined;
    default:
      return unreachable(effect);
  }
}

async function clear(context: LettingGo, namespace: string, effect: Leftover, signal: AbortSignal): Promise<void> {
  switch (effect.do) {
    case "claim":
    case "release":
      return writeApp(context, effect.target, effect.app, signal);
    case "record":
      return writeRecord(context, namespace, effect.record, signal);
    case "releaseJob":
      return releaseJob(context, namespace, effect, signal);
    default:
      return unreachable(effect);
  }
}

/** The whole status goes back with one app changed, under the version it was read with. */
async function writeApp(
  { client, stores }: LettingGo,
  target: Server | Mainframe,
  app: AppState,
  signal: AbortSignal,
): Promise<void> {
  const apps = [...(target.status.apps ?? []).filter((other) => other.app !== app.app), app].sort((a, b) =>
    a.app < b.app ? -1 : 1,
  );
  const runs = runsOf(apps);
  const status: TargetStatus = { ...target.status, apps, ...(runs !== "" && { runs }) };
  const { resource, store } =
    target.kind === "Server"
      ? { resource: SERVERS, store: stores.servers }
      : { resource: MAINFRAMES, store: stores.mainframes };
  store.put(await client.replaceStatus(resource, target, status, { signal }));
}

/** The name is the compare-and-swap: where somebody was faster, theirs is read and counts. */
async function writeRecord(
  context: LettingGo,
  namespace: string,
  record: Parameters<typeof recordLabels>[0],
  signal: AbortSignal,
): Promise<void> {
  const { client, stores } = context;
  const name = recordName(record.deployment, record.seq);
  try {
    stores.records.put(
      await client.create(
        RECORDS,
        { metadata: { name, namespace, labels: recordLabels(record) }, spec: record },
        { signal },
      ),
    );
    countRecord(context, namespace, record);
  } catch (error) {
    if (!alreadyExists(error)) throw error;
    // With the rest of its chain, for whoever was faster may have gone on.
    const labelSelector = `${LABEL.deploymentUid}=${record.deployment.uid}`;
    const { items } = await client.list(RECORDS, { namespace, labelSelector }, { signal });
    for (const item of items) stores.records.put(item);
  }
}

async function startJob(
  context: Context,
  deployment: Deployment,
  target: Server | Mainframe,
  attempt: number,
  signal: AbortSignal,
): Promise<Word | undefined> {
  const { client, stores, seal, checkImage: image, addresses } = context;
  const { ca: caPem } = await trustOf(context, target, target.spec.tls, signal);
  const modules =
    target.spec.checks.modules === undefined ? undefined : await deliveredModules(context, deployment, target, signal);
  const job = seal.put(
    verificationJob(deployment, target, attempt, {
      image,
      addresses: addresses.forJobs,
      ...(caPem !== undefined && { caPem }),
      ...modules,
    }) as Sealable & Draft,
  );
  try {
    stores.jobs.put(await client.create(JOBS, job, { signal }));
  } catch (error) {
    if (!alreadyExists(error)) throw error;
    const { name } = job.metadata;
    const { uid } = target.metadata;
    const there = await client.get(JOBS, { namespace: deployment.metadata.namespace, name }, { signal });
    if (!isOurs(there, deployment.metadata.uid, seal))
      return {
        target: uid,
        foreign: { name, targetUid: uid, attempt, held: false, deleting: false, foreign: true, pods: [] },
      };
    stores.jobs.put(there);
  }
  return undefined;
}

/** The modules of the archives as the agent unpacked them: without them a module that is missing would not be missed. */
async function deliveredModules(
  context: Context,
  deployment: Deployment,
  target: Server | Mainframe,
  signal: AbortSignal,
): Promise<Pick<JobDraft, "modules" | "moduleVersions"> | undefined> {
  // A commit says nothing of modules.
  if (wayTo(target).by === "git") return undefined;
  const agent = await askAgent(context, target, signal);
  const { app, version } = deployment.spec;
  const all = agent.state === "Answered" ? agent.status.apps : [];
  const found = all.filter((item) => item.app === app);
  if (found.length === 0)
    throw new Error(
      `verification of ${target.kind.toLowerCase()} ${target.metadata.name} waits: its ${speakerOf(target)} does not say which modules it has${agent.state === "NotAnswered" ? ` (${agent.message})` : ""}`,
    );
  const other = [...all.filter((item) => item.app !== app), ...found].flatMap((item) =>
    item.modules.map((name) => [name, item.version] as const),
  );
  const versions = Object.fromEntries(other);
  const differing = Object.entries(versions).filter(([, of]) => of !== version);
  return {
    modules: [...new Set(found.flatMap(({ modules }) => modules))],
    ...(differing.length > 0 && { moduleVersions: Object.fromEntries(differing) }),
  };
}

async function releaseJob(
  { client, stores }: LettingGo,
  namespace: string,
  effect: Extract<Effect, { do: "releaseJob" }>,
  signal: AbortSignal,
): Promise<void> {
  const at = { namespace, name: effect.name };
  try {
    const job = await client.get(JOBS, at, { signal });
    const finalizers = (job.metadata.finalizers ?? []).filter((name) => name !== EVIDENCE_FINALIZER);
    const { uid, resourceVersion } = job.metadata;
    const patch = {
      metadata: { uid, resourceVersion, finalizers },
      ...(effect.remove ? {} : { spec: { ttlSecondsAfterFinished: TTL_SECONDS } }),
    };
    stores.jobs.put(await client.mergePatch(JOBS, at, patch, { signal }));
    if (effect.remove) await client.remove(JOBS, at, { uid, propagationPolicy: "Background", signal });
  } catch (error) {
    if (!notFound(error)) throw error;
  }
}
