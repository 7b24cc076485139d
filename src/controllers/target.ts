import { isDeepStrictEqual } from "node:util";
import type { Mainframe } from "../api/mainframe.ts";
import type { Condition } from "../api/meta.ts";
import { requiredApprovals, type Server } from "../api/server.ts";
import type { TargetStatus } from "../api/target.ts";
import { wellFormed } from "../api/well-formed.ts";
import type { SeenPolicies } from "../core/observed.ts";
import { progressOf } from "../core/progress.ts";
import { DRIFTED, statusOfTarget } from "../core/target.ts";
import type { Resource } from "../kube/types.ts";
import type { Informer } from "../runtime/informer.ts";
import { key as keyFor, keyOf } from "../runtime/kind.ts";
import { again, FORGET, type Outcome } from "../runtime/outcome.ts";
import { askAgent, seeLicence } from "./agents.ts";
import type { Context } from "./context.ts";
import { MAINFRAMES, type Raw, SERVERS } from "./kinds.ts";
import { chain } from "./observe.ts";
import { parseMainframe, parseServer } from "./parse.ts";

/** How often a target is asked how it is when nothing else makes it be looked at: drift is known within it. */
const LOOK_MS = 20_000;

export async function reconcileServer(context: Context, key: string, signal: AbortSignal): Promise<Outcome> {
  const raw = context.stores.servers.store.get(key);
  if (raw === undefined) return FORGET;
  const target = parseServer(raw);
  const agent = await askAgent(context, target, signal, "Anyway");
  const policies = await policiesFor(context, target, signal);
  const status = statusOfTarget({ target, agent, policies, isThere: isThere(context, target) }, context.now());
  await say(context, { resource: SERVERS, informer: context.stores.servers }, raw, status, signal);
  return again(LOOK_MS);
}

/** A server whose approvals count says whether they can be trusted, also where no update has asked yet. */
function policiesFor(
  { policies }: Context,
  { metadata, spec }: Server,
  signal: AbortSignal,
): SeenPolicies | Promise<SeenPolicies> {
  const known = policies.known(metadata.namespace);
  return known.state === "NotAsked" && isGated(spec) ? policies.read(metadata.namespace, signal) : known;
}

const isGated = (spec: Server["spec"]): boolean => requiredApprovals(spec) > 0 || spec.approval.mainframes.required > 0;

export async function reconcileMainframe(context: Context, key: string, signal: AbortSignal): Promise<Outcome> {
  const raw = context.stores.mainframes.store.get(key);
  if (raw === undefined) return FORGET;
  const target = parseMainframe(raw);
  const omega = context.stores.servers.store.get(keyFor(target.metadata.namespace, target.spec.omega));
  const omegaExists = omega !== undefined && parseServer(omega).spec.tier === "Omega";
  const [agent, licence] = await Promise.all([
    askAgent(context, target, signal, "Anyway"),
    seeLicence(context, target),
  ]);
  const policies = context.policies.known(target.metadata.namespace);
  const status = statusOfTarget(
    { target, agent, licence, omegaExists, policies, isThere: isThere(context, target) },
    context.now(),
  );
  await say(context, { resource: MAINFRAMES, informer: context.stores.mainframes }, raw, status, signal);
  return again(LOOK_MS);
}

interface Voice {
  readonly resource: Resource<Raw>;
  readonly informer: Informer<Raw, "namespace">;
}

/** Claims are written by another reconcile meanwhile; the version precondition makes the later one look again. */
async function say(
  context: Context,
  { resource, informer }: Voice,
  raw: Raw,
  status: TargetStatus,
  signal: AbortSignal,
): Promise<void> {
  if (!differs(raw, status)) return;
  const begins = drift(status);
  // What was judged by an object that has changed since is refused below, so nobody is told of it.
  if (
    begins !== undefined &&
    drift(raw.status as TargetStatus | undefined) === undefined &&
    informer.store.get(keyOf(raw)) === raw
  )
    await context.tell(
      {
        about: raw,
        type: "Warning",
        reason: DRIFTED,
        action: "Observe",
        note: begins.message,
        content: [begins.lastTransitionTime],
      },
      signal,
    );
  informer.put(await context.client.replaceStatus(resource, raw, status, { signal }));
}

const drift = (status: TargetStatus | undefined): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === DRIFTED);

const differs = (raw: Raw, status: TargetStatus): boolean => !isDeepStrictEqual(raw.status, wellFormed(status));

/** Whether an update could deliver again what it brought: it is there, and neither at its end nor taken back. */
const isThere =
  ({ stores }: Context, { metadata }: Server | Mainframe) =>
  (update: string): boolean => {
    const raw = stores.deployments.store.get(keyFor(metadata.namespace, update));
    if (raw === undefined) return false;
    const { end, reversed } = progressOf(chain(stores.records.store.by("update", raw.metadata.uid), raw.metadata.uid));
    return end === undefined && !reversed;
  };
