import type { KubeObject } from "../../kube/types.ts";
import { fewAtOnce } from "./at-once.ts";
import { type Health, healthOf } from "./health.ts";
import type { Ref } from "./ledger.ts";
import type { Session } from "./session.ts";

const SHOWN = 3;

/** The objects of a release, as they are now; undefined for those that are not there. */
export const liveOf = (
  { client, kindsOf }: Session,
  refs: readonly Ref[],
  signal: AbortSignal,
): Promise<readonly (KubeObject | undefined)[]> =>
  fewAtOnce(refs, async (ref) => {
    const resource = await kindsOf(ref.apiVersion, ref.kind, signal);
    if (resource === undefined) return undefined;
    const at = { name: ref.name, ...(ref.namespace !== undefined && { namespace: ref.namespace }) };
    return client.find(resource, at, { signal });
  });

const named = ({ kind, namespace, name }: Ref): string =>
  `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;

export interface HealthOfAll {
  readonly failed: boolean;
  /** Empty where all are healthy. */
  readonly sick: string;
  /** The newest change to healthy that one of them tells. */
  readonly since: number;
}

/** All of them together: what is not healthy is named, three at most. */
export const healthOfAll = (refs: readonly Ref[], live: readonly (KubeObject | undefined)[]): HealthOfAll => {
  const all = refs.map((ref, index): readonly [Ref, Health] => [ref, healthOf(live[index])]);
  const sick = all.flatMap(([ref, health]) => (health.state === "Healthy" ? [] : [{ ref, ...health }]));
  const first = sick.toSorted((a, b) => Number(b.state === "Failed") - Number(a.state === "Failed")).slice(0, SHOWN);
  const more = sick.length > SHOWN ? `; and ${sick.length - SHOWN} more` : "";
  return {
    failed: sick.some(({ state }) => state === "Failed"),
    sick: first.length === 0 ? "" : `${first.map(({ ref, message }) => `${named(ref)}: ${message}`).join("; ")}${more}`,
    since: Math.max(0, ...all.map(([, health]) => (health.state === "Healthy" ? (health.since ?? 0) : 0))),
  };
};
