import { digestOf } from "../api/artifact.ts";
import type { Deployment } from "../api/deployment.ts";
import { LABEL } from "../api/group.ts";
import type { Mainframe } from "../api/mainframe.ts";
import { parseOrderKey } from "../api/order.ts";
import type { RecordSpec } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import type { Look } from "../core/decision.ts";
import type { Observed, SeenAgent, SeenOrder, SeenTarget } from "../core/observed.ts";
import { progressOf } from "../core/progress.ts";
import { appState } from "../core/situation.ts";
import { currentTier, tierOfTarget } from "../core/tiers.ts";
import { notFound } from "../kube/errors.ts";
import { askAgent, askOrder, seeLicence } from "./agents.ts";
import type { Context } from "./context.ts";
import { seeJobs } from "./jobs.ts";
import { artifactLabel, DEPLOYMENTS, type Job, JOBS, MAINFRAMES, type Pod, PODS, type Raw, type RawRecord, RECORDS, SERVERS } from "./kinds.ts";
import { parseDeployment, parseMainframe, parseServer } from "./parse.ts";

/** What agents said in this reconcile; it is not kept longer, because it ages. */
export interface Heard {
  readonly agents: ReadonlyMap<string, SeenAgent>;
  readonly orders: ReadonlyMap<string, SeenOrder>;
}

export const NOTHING_HEARD: Heard = { agents: new Map(), orders: new Map() };

/** The objects a judgement starts from, from the stores or from a consistent read. */
interface Objects {
  readonly live: boolean;
  /** The policies were read after these. */
  readonly proven: boolean;
  readonly raw: Raw;
  readonly servers: readonly Raw[];
  readonly mainframes: readonly Raw[];
  readonly records: readonly RawRecord[];
  readonly jobs: readonly Job[];
  readonly pods: readonly Pod[];
}

/** As the stores have it: good enough to see that there is something to do. */
export function cached({ stores }: Context, raw: Raw): Objects {
  const namespace = raw.metadata.namespace ?? "";
  const { uid } = raw.metadata;
  return {
    live: false,
    proven: false,
    raw,
    servers: stores.servers.store.by("namespace", namespace),
    mainframes: stores.mainframes.store.by("namespace", namespace),
    records: stores.records.store.by("artifact", `${namespace}/${artifactLabel(digestOf(parseDeployment(raw).spec.artifact))}`),
    jobs: stores.jobs.store.by("update", uid),
    pods: stores.pods.store.by("update", uid),
  };
}

/** From the API server itself, consistently: what an effect may rest on. `undefined` where the Deployment is gone or another one. */
export async function live({ client, stores }: Context, raw: Raw, signal: AbortSignal): Promise<Objects | undefined> {
  const { name, namespace = "", uid } = raw.metadata;
  const mine = { namespace, labelSelector: `${LABEL.deploymentUid}=${uid}` };
  const artifact = artifactLabel(digestOf(parseDeployment(raw).spec.artifact));
  const read = await client.get(DEPLOYMENTS, { namespace, name }, { signal }).catch((error: unknown) => {
    if (notFound(error)) return undefined;
    throw error;
  });
  if (read === undefined || read.metadata.uid !== uid) return undefined;
  // Pods after Jobs and records after both: a Job that is over has its pods over, and a Job that is there has its record there.
  const jobs = await client.list(JOBS, mine, { signal });
  const [servers, mainframes, records, pods] = await Promise.all([
    client.list(SERVERS, { namespace }, { signal }),
    client.list(MAINFRAMES, { namespace }, { signal }),
    client.list(RECORDS, { namespace, labelSelector: `${LABEL.artifact}=${artifact}` }, { signal }),
    client.list(PODS, mine, { signal }),
  ]);
  stores.deployments.put(read);
  for (const record of records.items) stores.records.put(record);
  return { live: true, proven: false, raw: read, servers: servers.items, mainframes: mainframes.items, records: records.items, jobs: jobs.items, pods: pods.items };
}

export async function observe(context: Context, objects: Objects, heard: Heard): Promise<Observed> {
  const deployment = parseDeployment(objects.raw);
  const { uid } = deployment.metadata;
  const targets = [...objects.servers.map(parseServer), ...objects.mainframes.map(parseMainframe)];
  const records = chain(objects.records, uid);
  const bare = targets.map((target): SeenTarget => seeTarget(context, deployment, target, heard));
  return {
    live: objects.live,
    proven: objects.proven,
    deployment,
    records,
    others: others(context, deployment, objects.records),
    targets: currentTier(progressOf(records), bare) === "mainframes" ? await Promise.all(bare.map((seen) => withLicence(context, deployment, seen))) : bare,
    jobs: seeJobs(objects.jobs, objects.pods),
    policies: context.policies.known(deployment.metadata.namespace),
    settings: context.settings,
  };
}

/** Asks what the judgement wants to know; answers join what was heard before in this reconcile. */
export async function listen(context: Context, observed: Observed, look: Look, heard: Heard, signal: AbortSignal): Promise<Heard> {
  const byUid = new Map(observed.targets.map(({ target }) => [target.metadata.uid, target]));
  const asked = <T>(uid: string, ask: (target: Server | Mainframe) => Promise<T>): Promise<T>[] => {
    const target = byUid.get(uid);
    return target === undefined ? [] : [ask(target)];
  };
  const [agents, orders] = await Promise.all([
    Promise.all(look.agents.flatMap((uid) => asked(uid, async (target) => [uid, await askAgent(context, target, signal)] as const))),
    Promise.all(look.orders.flatMap(({ target: uid, key }) => asked(uid, async (target) => [key, await askOrder(context, target, key, signal)] as const))),
    look.policies ? context.policies.read(observed.deployment.metadata.namespace, signal) : undefined,
  ]);
  return { agents: new Map([...heard.agents, ...agents]), orders: new Map([...heard.orders, ...orders]) };
}

export const chain = (records: readonly RawRecord[], uid: string): readonly RecordSpec[] =>
  records
    .map((record) => record.spec)
    .filter((spec) => spec.deployment.uid === uid)
    .sort((a, b) => a.seq - b.seq);

function others({ stores }: Context, { metadata }: Deployment, sameArtifact: readonly RawRecord[]): readonly RecordSpec[] {
  const sameName = stores.records.store.by("name", `${metadata.namespace}/${metadata.name}`);
  return [...new Map([...sameArtifact, ...sameName].map((record) => [record.spec.hash, record.spec])).values()].filter(
    (spec) => spec.deployment.uid !== metadata.uid,
  );
}

/** Licences are looked at in the tier that asks for them. */
const withLicence = async (context: Context, { spec }: Deployment, seen: SeenTarget): Promise<SeenTarget> =>
  seen.target.kind === "Mainframe" ? { ...seen, licence: await seeLicence(context, seen.target, spec.version) } : seen;

function seeTarget(context: Context, deployment: Deployment, target: Server | Mainframe, heard: Heard): SeenTarget {
  const { uid } = target.metadata;
  const holder = holderAt(context, deployment, target);
  return {
    target,
    agent: heard.agents.get(uid) ?? { state: "NotAsked" },
    orders: Object.fromEntries([...heard.orders].filter(([key]) => parseOrderKey(key)?.targetUid === uid)),
    ...(holder && { holder }),
  };
}

/** How far another update is on a target it has claimed. */
function holderAt({ stores }: Context, { metadata, spec }: Deployment, target: Server | Mainframe): SeenTarget["holder"] {
  const claim = appState(target, spec.app)?.claim;
  if (claim === undefined || claim.uid === metadata.uid) return undefined;
  const progress = progressOf(chain(stores.records.store.by("update", claim.uid), claim.uid));
  return progress.tiers[tierOfTarget(target)].targets.get(target.metadata.uid)?.state;
}
