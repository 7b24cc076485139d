import type { Deployment } from "../api/deployment.ts";
import { LABEL } from "../api/group.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { RecordSource, RecordSpec } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import type { Look } from "../core/decision.ts";
import type { Observed, SeenTarget } from "../core/observed.ts";
import { progressOf } from "../core/progress.ts";
import { appState } from "../core/situation.ts";
import { currentTier, tierOfTarget } from "../core/tiers.ts";
import { allOf, atMost } from "../runtime/at-most.ts";
import { askAgent, askOrder, seeLicence } from "./agents.ts";
import type { Context } from "./context.ts";
import { type Heard, heardOf, type Word } from "./heard.ts";
import { seeJobs } from "./jobs.ts";
import {
  artifactLabels,
  DEPLOYMENTS,
  type Job,
  JOBS,
  MAINFRAMES,
  type Pod,
  PODS,
  type Raw,
  type RawRecord,
  RECORDS,
  SERVERS,
} from "./kinds.ts";
import { parseDeployment, parseMainframe, parseServer } from "./parse.ts";
import { readRivals, recordsOfArtifacts, rivalsOf } from "./rivals.ts";
import { seeSource } from "./source.ts";

/** Enough for a fleet that hangs to be through well within a reconcile's deadline. */
const ASKED_AT_ONCE = 128;

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
  /** Updates the stores still have and the API server has not. */
  readonly gone: ReadonlySet<string>;
  readonly source?: RecordSource;
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
    records: each([
      ...recordsOfArtifacts(stores, parseDeployment(raw)),
      ...stores.records.store.by("name", `${namespace}/${raw.metadata.name}`),
    ]),
    jobs: stores.jobs.store.by("update", uid),
    pods: stores.pods.store.by("update", uid),
    gone: new Set(),
  };
}

/** From the API server itself, consistently: what an effect may rest on. `undefined` where the Deployment is gone or another one. */
export async function live(context: Context, raw: Raw, signal: AbortSignal): Promise<Objects | undefined> {
  const { client, stores } = context;
  const { name, namespace = "", uid } = raw.metadata;
  const mine = { namespace, labelSelector: `${LABEL.deploymentUid}=${uid}` };
  const read = await client.find(DEPLOYMENTS, { namespace, name }, { signal });
  if (read === undefined || read.metadata.uid !== uid) return undefined;
  const deployment = parseDeployment(read);
  // Pods after Jobs and records after both: a Job that is over has its pods over, and a Job that is there has its record there.
  const jobs = await client.list(JOBS, mine, { signal });
  const records = (labelSelector: string) => client.list(RECORDS, { namespace, labelSelector }, { signal });
  const [servers, mainframes, sameArtifact, sameName, pods] = await Promise.all([
    client.list(SERVERS, { namespace }, { signal }),
    client.list(MAINFRAMES, { namespace }, { signal }),
    Promise.all(artifactLabels(deployment.spec).map(records)),
    records(`${LABEL.deployment}=${name}`),
    client.list(PODS, mine, { signal }),
  ]);
  stores.deployments.put(read);
  const found = each([...sameArtifact.flatMap(({ items }) => items), ...sameName.items]);
  for (const record of found) stores.records.put(record);
  const own = chain(found, uid);
  const targets = [...servers.items.map(parseServer), ...mainframes.items.map(parseMainframe)];
  const gone = await readRivals(
    context,
    deployment,
    {
      records: own,
      targets: targets.map((target) => ({ target, agent: { state: "NotAsked" }, orders: {} })),
    },
    signal,
  );
  const source = await seeSource(context, deployment, own.length === 0, signal);
  return {
    live: true,
    proven: false,
    raw: read,
    ...(source && { source }),
    servers: servers.items,
    mainframes: mainframes.items,
    records: found,
    jobs: jobs.items,
    pods: pods.items,
    gone,
  };
}

export async function observe(context: Context, objects: Objects, heard: Heard): Promise<Observed> {
  const deployment = parseDeployment(objects.raw);
  const { uid } = deployment.metadata;
  const targets = [...objects.servers.map(parseServer), ...objects.mainframes.map(parseMainframe)];
  const records = chain(objects.records, uid);
  const bare = targets.map((target): SeenTarget => seeTarget(context, deployment, target, heard));
  let rivals: Observed["rivals"] | undefined;
  return {
    live: objects.live,
    proven: objects.proven,
    deployment,
    ...(objects.source && { source: objects.source }),
    records,
    others: objects.records.map((record) => record.spec).filter((spec) => spec.deployment.uid !== uid),
    targets:
      currentTier(progressOf(records), bare) === "mainframes"
        ? await Promise.all(bare.map((seen) => withLicence(context, deployment, seen)))
        : bare,
    // Only where the judgement asks: it is a look at every update of the namespace.
    get rivals() {
      return (rivals ??= rivalsOf(context, deployment, bare, objects.gone));
    },
    jobs: [
      ...seeJobs(objects.jobs, objects.pods, uid, context.seal),
      ...[...heard.values()].flatMap(({ foreign }) => foreign ?? []),
    ],
    policies: context.policies.known(deployment.metadata.namespace),
    settings: context.settings,
  };
}

/** Asks what the judgement wants to know. */
export async function listen(
  context: Context,
  observed: Observed,
  look: Look,
  signal: AbortSignal,
): Promise<readonly Word[]> {
  const byUid = new Map(observed.targets.map(({ target }) => [target.metadata.uid, target]));
  const questions = [...look.agents.map((target) => ({ target, key: undefined })), ...look.orders];
  const [words] = await Promise.all([
    atMost(ASKED_AT_ONCE, questions, async ({ target: uid, key }): Promise<readonly Word[]> => {
      const target = byUid.get(uid);
      if (target === undefined) return [];
      return key === undefined
        ? [{ target: uid, agent: await askAgent(context, target, signal) }]
        : [{ target: uid, key, order: await askOrder(context, target, key, signal) }];
    }),
    look.policies ? context.policies.read(observed.deployment.metadata.namespace, signal) : undefined,
  ]);
  return allOf(words).flat();
}

/** A record that carries the artifact of an update often has its name too. */
const each = (records: readonly RawRecord[]): readonly RawRecord[] => [
  ...new Map(records.map((record) => [record.metadata.uid, record])).values(),
];

export const chain = (records: readonly RawRecord[], uid: string): readonly RecordSpec[] =>
  records
    .map((record) => record.spec)
    .filter((spec) => spec.deployment.uid === uid)
    .sort((a, b) => a.seq - b.seq);

/** Licences are looked at in the tier that asks for them. */
const withLicence = async (context: Context, { spec }: Deployment, seen: SeenTarget): Promise<SeenTarget> =>
  seen.target.kind === "Mainframe" ? { ...seen, licence: await seeLicence(context, seen.target, spec.version) } : seen;

function seeTarget(context: Context, deployment: Deployment, target: Server | Mainframe, heard: Heard): SeenTarget {
  const { agent, orders } = heardOf(heard, target.metadata.uid);
  const holder = holderAt(context, deployment, target);
  return {
    target,
    agent,
    orders,
    ...(holder && { holder }),
  };
}

/** How far another update is on a target it has claimed. */
function holderAt(
  { stores }: Context,
  { metadata, spec }: Deployment,
  target: Server | Mainframe,
): SeenTarget["holder"] {
  const claim = appState(target, spec.app)?.claim;
  if (claim === undefined || claim.uid === metadata.uid) return undefined;
  const progress = progressOf(chain(stores.records.store.by("update", claim.uid), claim.uid));
  return progress.tiers[tierOfTarget(target)].targets.get(target.metadata.uid)?.state;
}
