import { Gauge } from "@prometheus-io/client";
import { setTimeout as wait } from "node:timers/promises";
import { digestOfHeads, type Head, headsOf } from "../api/heads.ts";
import type { RecordSpec } from "../api/record.ts";
import { type CheckpointClaims, signCheckpoint, type SignedHead } from "../licence/checkpoint.ts";
import type { SigningKey } from "../licence/keys.ts";
import type { Log } from "../runtime/log.ts";
import type { Metrics } from "../runtime/metrics.ts";

/** A line of a log is cut at 16 KiB by many who carry it; signed, this comes to less. */
const MAX_CLAIMS = 11_000;

const signed = ({ update, uid, count, head }: Head): SignedHead => [update, uid, count, head];

/**
 * What is to be signed of one namespace: every chain that moved since `before` is named, on as many lines as it takes, and the
 * last line is filled with those that moved last. So the lines of a log together name every chain as it was last.
 */
export function checkpointsOf(
  said: Pick<CheckpointClaims, "time" | "by" | "namespace">,
  heads: readonly Head[],
  before: ReadonlyMap<string, Head>,
): readonly CheckpointClaims[] {
  const records = heads.reduce((sum, { count }) => sum + count, 0);
  const empty = { ...said, chains: heads.length, records, sha256: digestOfHeads(heads), heads: [] };
  const moved = heads.filter(({ uid, head }) => before.get(uid)?.head !== head);
  const still = heads.filter(({ uid, head }) => before.get(uid)?.head === head);
  const lines: SignedHead[][] = [[]];
  const bare = JSON.stringify(empty).length;
  let length = bare;
  for (const [index, head] of [...moved, ...still].map(signed).entries()) {
    const more = JSON.stringify(head).length + 1;
    if (length + more > MAX_CLAIMS) {
      if (index >= moved.length) break;
      lines.push([]);
      length = bare;
    }
    lines.at(-1)?.push(head);
    length += more;
  }
  return lines.map((line) => ({ ...empty, heads: line }));
}

interface Stored {
  readonly metadata: { readonly namespace?: string };
  readonly spec: RecordSpec;
}

interface CheckpointOptions {
  readonly records: () => Iterable<Stored>;
  readonly key: SigningKey;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Which process says so. */
  readonly by: string;
  readonly now: () => number;
  readonly everyMs: number;
}

/**
 * Says from time to time, signed, how far the chains have come: to the log and the metrics, which whoever can change records
 * cannot take back. What is missing later is found by `deploy history --verify --checkpoint`.
 */
export function createCheckpoints({ records, key, metrics, log, by, now, everyMs }: CheckpointOptions) {
  const registers = [metrics];
  const chainsGauge = new Gauge({
    name: "ashat_chains",
    help: "Updates that have records.",
    labelNames: ["namespace"],
    registers,
  });
  const recordsGauge = new Gauge({
    name: "ashat_records",
    help: "Records of updates; none is ever taken away.",
    labelNames: ["namespace"],
    registers,
  });
  const headsGauge = new Gauge({
    name: "ashat_records_heads_info",
    help: "SHA-256 over the heads of all chains, as in the checkpoint of the log; always 1.",
    labelNames: ["namespace", "sha256"],
    registers,
  });
  const timeGauge = new Gauge({
    name: "ashat_checkpoint_timestamp_seconds",
    help: "When the last checkpoint was written; 0 where none was.",
    registers,
  });
  const before = new Map<string, ReadonlyMap<string, Head>>();

  const byNamespace = (): ReadonlyMap<string, RecordSpec[]> => {
    const all = new Map<string, RecordSpec[]>([...before.keys()].map((namespace) => [namespace, []]));
    for (const { metadata, spec } of records()) {
      const { namespace = "" } = metadata;
      const list = all.get(namespace) ?? [];
      list.push(spec);
      all.set(namespace, list);
    }
    return all;
  };

  /** What was there a moment ago, in this very process, and is not now. */
  const complain = (namespace: string, heads: readonly Head[]): void => {
    const there = new Map(heads.map((head) => [head.uid, head]));
    for (const { update, uid, count } of before.get(namespace)?.values() ?? []) {
      const left = there.get(uid)?.count ?? 0;
      if (left < count)
        log.error({ namespace, update, uid, had: count, has: left }, "records of an update were taken away");
    }
  };

  const write = async (): Promise<void> => {
    const at = now();
    const chains: { namespace: string; heads: readonly Head[] }[] = [];
    for (const [namespace, list] of byNamespace()) {
      const heads = headsOf(list);
      complain(namespace, heads);
      const said = { time: new Date(at).toISOString(), by, namespace };
      for (const claims of checkpointsOf(said, heads, before.get(namespace) ?? new Map<string, Head>())) {
        const { chains: count, records: total, sha256 } = claims;
        log.info(
          { namespace, chains: count, records: total, sha256, checkpoint: await signCheckpoint(key, claims) },
          "checkpoint of the records",
        );
      }
      before.set(namespace, new Map(heads.map((head) => [head.uid, head])));
      chains.push({ namespace, heads });
    }
    for (const gauge of [chainsGauge, recordsGauge, headsGauge]) gauge.reset();
    for (const { namespace, heads } of chains) {
      chainsGauge.set({ namespace }, heads.length);
      recordsGauge.set(
        { namespace },
        heads.reduce((sum, { count }) => sum + count, 0),
      );
      headsGauge.set({ namespace, sha256: digestOfHeads(heads) }, 1);
    }
    timeGauge.set(Math.floor(at / 1000));
  };

  return {
    write,
    /** Writes one when the records are known, then one every while, and a last one when it is stopped. */
    run: async (stop: AbortSignal, known: Promise<void>): Promise<void> => {
      const stopped = new Promise<"stopped">((resolve) => {
        stop.addEventListener("abort", () => resolve("stopped"), { once: true });
      });
      if (stop.aborted || (await Promise.race([known, stopped])) === "stopped") return;
      while (!stop.aborted) {
        await write();
        await wait(everyMs, undefined, { signal: stop }).catch(() => undefined);
      }
      await write();
    },
  };
}
