import type { Condition } from "../../src/api/meta.ts";
import { type RecordSpec, verifyChain } from "../../src/api/record.ts";
import type { State } from "../../src/api/states.ts";
import { isLegal } from "../../src/core/moves.ts";
import type { PassedOrder } from "./agent-wire.ts";
import type { Written } from "./proxy.ts";

/** Watches every write of a run, in the order in which they were committed, and remembers each that should never have been. */
export interface Invariants {
  readonly written: (write: Written) => void;
  readonly ordered: (order: PassedOrder) => void;
  readonly broken: () => readonly string[];
  /** How often each object was created, by its lasting name. */
  readonly created: ReadonlyMap<string, number>;
}

interface Stored {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
  };
  readonly spec?: unknown;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly records?: { readonly count: number; readonly head: string };
  };
}

/** What an order to an agent needs to have been written before it. */
const ORDERED_BY: readonly State[] = ["Delivering", "RollingBack"];

/**
 * Where several lead, one of them may say an order again that another one has seen through meanwhile: under the same key and sequence, so that its
 * agent does nothing. It needs to have been written all the same.
 */
export function watchInvariants({ leaders }: { readonly leaders: 1 | 2 }): Invariants {
  const broken: string[] = [];
  const created = new Map<string, number>();
  const chains = new Map<string, RecordSpec[]>();
  const states = new Map<string, State>();
  const heads = new Map<string, number>();
  const conditions = new Map<string, readonly Condition[]>();
  const highest = new Map<string, number>();
  const say = (sentence: string): void => void broken.push(sentence);

  const record = (spec: RecordSpec): void => {
    const { uid, name } = spec.deployment;
    const chain = chains.get(uid) ?? [];
    chains.set(uid, chain);
    const before = chain.at(-1);
    const what = `record ${spec.seq} of ${name}`;
    chain.push(spec);
    for (const sentence of verifyChain(chain)) say(`${what}: ${sentence}`);
    if (spec.seq !== (before?.seq ?? -1) + 1) say(`${what} follows record ${before?.seq ?? "none"}`);
    for (const target of spec.targets ?? []) {
      const at = `${uid} ${spec.tier} ${target.uid}`;
      const from = states.get(at) ?? "Waiting";
      if (!isLegal(from, spec.to)) say(`${what} moves ${target.name} from ${from} to ${spec.to}`);
      states.set(at, spec.to);
    }
    if (spec.to === "Delivering" && spec.tier === "omega" && (spec.approvals ?? []).length === 0)
      say(`${what} delivers to omega and names no approval`);
  };

  const status = (kind: string, { metadata, status: now }: Stored): void => {
    const at = `${kind} ${metadata?.name}`;
    if ((now?.observedGeneration ?? 0) > (metadata?.generation ?? 0))
      say(`${at} observed a generation that is not there yet`);
    const known = heads.get(`${at} ${metadata?.uid}`) ?? 0;
    const count = now?.records?.count ?? 0;
    if (kind === "deployments" && count < known) say(`${at}: the status went back from ${known} records to ${count}`);
    heads.set(`${at} ${metadata?.uid}`, Math.max(known, count));
    const list = now?.conditions ?? [];
    const old = conditions.get(`${at} ${metadata?.uid}`) ?? [];
    conditions.set(`${at} ${metadata?.uid}`, list);
    if (new Set(list.map(({ type }) => type)).size !== list.length) say(`${at} has a condition twice`);
    for (const { type, status: value, reason, lastTransitionTime } of list) {
      if (!/^[A-Z][A-Za-z0-9]*$/.test(reason)) say(`${at}: the reason of ${type} is ${reason}`);
      const was = old.find((one) => one.type === type);
      if (was !== undefined && was.status === value && was.lastTransitionTime !== lastTransitionTime)
        say(`${at}: ${type} stayed ${value} and changed its time`);
    }
    const isTrue = (type: string): boolean => list.some((one) => one.type === type && one.status === "True");
    if (isTrue("Reconciling") && isTrue("Stalled")) say(`${at} is Reconciling and Stalled at once`);
  };

  return {
    created,
    broken: () => broken,
    written: ({ call, stored }) => {
      const { verb, resource, name } = call;
      if (verb === "create") created.set(`${resource} ${name}`, (created.get(`${resource} ${name}`) ?? 0) + 1);
      const object = (stored ?? {}) as Stored;
      if (resource === "deploymentrecords") {
        if (verb === "create") record(object.spec as RecordSpec);
        else say(`a record was written over: ${verb} ${name}`);
      }
      if (resource.endsWith("/status")) status(resource.replace("/status", ""), object);
      if (["deployments", "servers", "mainframes"].includes(resource))
        say(`the operator wrote what is people's: ${verb} ${resource} ${name}`);
    },
    ordered: ({ target, key, sequence, action, deployment }) => {
      const chain = chains.get(deployment) ?? [];
      const about = chain.filter(({ targets }) => targets?.some((one) => one.name === target) === true);
      const entry = about.at(-1);
      const named = entry?.targets?.find((one) => one.name === target);
      const says = ({ to, targets }: RecordSpec): boolean =>
        ORDERED_BY.includes(to) && targets?.some((one) => one.name === target && one.sequence === sequence) === true;
      if (!about.slice(leaders === 1 ? -1 : 0).some(says))
        say(
          `${target} was ordered to ${action} under ${sequence} and no record says so (the last one: ${entry?.to ?? "none"} ${named?.sequence ?? ""})`,
        );
      if (named !== undefined && !key.startsWith(named.uid)) say(`the order ${key} is not one for ${target}`);
      if (leaders === 1 && sequence < (highest.get(target) ?? 0))
        say(`${target} was given sequence ${sequence} after ${highest.get(target)}`);
      highest.set(target, Math.max(sequence, highest.get(target) ?? 0));
    },
  };
}
