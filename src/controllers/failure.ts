import type { DeploymentStatus } from "../api/deployment.ts";
import type { Condition } from "../api/meta.ts";
import type { TargetStatus } from "../api/target.ts";
import { type ConditionDraft, conditionsOf } from "../core/conditions.ts";
import type { Resource } from "../kube/types.ts";
import type { Failure } from "../runtime/failure.ts";
import type { Informer } from "../runtime/informer.ts";
import type { Context } from "./context.ts";
import { DEPLOYMENTS, MAINFRAMES, type Raw, SERVERS } from "./kinds.ts";

/** A refusal will not pass by itself; anything else is given a few tries before it is told. */
const TELL_AFTER: Readonly<Record<Failure["kind"], number>> = {
  Stale: Infinity,
  Throttled: Infinity,
  Forbidden: 1,
  Invalid: 1,
  Error: 3,
};

/** What the controller knows of a failure. */
export interface Failed {
  readonly kind: Failure["kind"];
  readonly error: Error;
  /** How often this kind since the key last went well. */
  readonly count: number;
}

/** The conditions by which an object says that the operator does not get on with it. */
interface Voice {
  readonly type: "Stalled" | "Ready";
  readonly status: "True" | "False";
  /** Conditions it takes away. */
  readonly replaces: readonly string[];
}
const UPDATE: Voice = { type: "Stalled", status: "True", replaces: ["Stalled", "Reconciling"] };
const TARGET: Voice = { type: "Ready", status: "False", replaces: ["Ready"] };

/** The message and conditions that tell a failure; nothing while it is too early, or where the object says so already. */
export function telling(
  { type, status, replaces }: Voice,
  before: { readonly conditions?: readonly Condition[] | undefined },
  { kind, error, count }: Failed,
  generation: number,
  now: number,
): { readonly message: string; readonly conditions: Condition[] } | undefined {
  if (count < TELL_AFTER[kind]) return undefined;
  const reason = kind === "Error" ? "ReconcileError" : kind;
  const message = `the operator cannot go on and keeps trying: ${error.message}`.slice(0, 1024);
  const said = (before.conditions ?? []).some(
    (old) => old.type === type && old.status === status && old.reason === reason && old.message === message,
  );
  if (said) return undefined;
  const kept: readonly ConditionDraft[] = (before.conditions ?? []).filter((old) => !replaces.includes(old.type));
  return {
    message,
    conditions: conditionsOf(before.conditions, [...kept, { type, status, reason, message }], generation, now),
  };
}

/** Writes a failure onto the object it is about; the next round that goes well says something else. */
const teller =
  (resource: Resource<Raw>, voice: Voice, informerIn: (stores: Context["stores"]) => Informer<Raw, "namespace">) =>
  async (context: Context, key: string, failed: Failed): Promise<void> => {
    const { store, put } = informerIn(context.stores);
    const raw = store.get(key);
    if (raw === undefined) return;
    const before = (raw.status ?? {}) as DeploymentStatus | TargetStatus;
    const generation = raw.metadata.generation ?? 0;
    const told = telling(voice, before, failed, generation, context.now());
    if (told !== undefined)
      put(await context.client.replaceStatus(resource, raw, { ...before, observedGeneration: generation, ...told }));
  };

export const tellUpdateFailed = teller(DEPLOYMENTS, UPDATE, ({ deployments }) => deployments);
export const tellServerFailed = teller(SERVERS, TARGET, ({ servers }) => servers);
export const tellMainframeFailed = teller(MAINFRAMES, TARGET, ({ mainframes }) => mainframes);
