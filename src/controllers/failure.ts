import type { DeploymentStatus } from "../api/deployment.ts";
import { conditionsOf } from "../core/conditions.ts";
import type { Failure } from "../runtime/failure.ts";
import type { Context } from "./context.ts";
import { DEPLOYMENTS } from "./kinds.ts";

/** A refusal will not pass by itself; anything else is given a few tries before it is told. */
const TELL_AFTER: Readonly<Record<Failure["kind"], number>> = { Stale: Infinity, Throttled: Infinity, Forbidden: 1, Invalid: 1, Error: 3 };

/** Says on the object why the operator does not get on with it, once per streak; the next round that succeeds says something else. */
export async function tellFailure(context: Context, key: string, kind: Failure["kind"], error: Error, inARow: number): Promise<void> {
  const raw = context.stores.deployments.store.get(key);
  if (raw === undefined || inARow !== TELL_AFTER[kind]) return;
  const before = (raw.status ?? {}) as DeploymentStatus;
  const message = `the operator cannot go on and keeps trying: ${error.message}`.slice(0, 2048);
  const generation = raw.metadata.generation ?? 0;
  const reason = kind === "Error" ? "ReconcileError" : kind;
  const kept = (before.conditions ?? []).filter(({ type }) => type !== "Reconciling" && type !== "Stalled");
  const drafts = [...kept, { type: "Stalled", status: "True", reason, message } as const];
  const status: DeploymentStatus = {
    ...before,
    observedGeneration: generation,
    message,
    conditions: conditionsOf(before.conditions, drafts, generation, context.now()),
  };
  context.stores.deployments.put(await context.client.replaceStatus(DEPLOYMENTS, raw, status));
}
