import { Registry } from "@prometheus-io/client";
import { beforeAll, describe, expect, it } from "vitest";
import { chainOfUpdate } from "../../test/unit/chain-of-update.ts";
import { type Head, headsOf } from "../api/heads.ts";
import { sha256 } from "../api/hash.ts";
import type { RawRecord } from "../cli/records.ts";
import { type CheckpointClaims, signCheckpoint, verifyCheckpoint } from "../licence/checkpoint.ts";
import { generateKeys, parseJwks, parseSigningKey, type SigningKey, type VerifyKeys } from "../licence/keys.ts";
import { createLog } from "../runtime/log.ts";
import { checkpointsOf, createCheckpoints } from "./checkpoint.ts";

let key: SigningKey;
let keys: VerifyKeys;
beforeAll(async () => {
  const pair = await generateKeys();
  [key, keys] = await Promise.all([parseSigningKey(pair.privateJwk), parseJwks(pair.jwks)]);
});

const said = { time: "2026-11-20T12:00:00.000Z", by: "operator-1", namespace: "raos" };
const many = (count: number): readonly Head[] =>
  Array.from({ length: count }, (_, index) => ({
    update: `an-update-with-a-name-as-long-as-any-may-ever-be-${String(index).padStart(4, "0")}`.slice(0, 52),
    uid: `${sha256(String(index)).slice(0, 8)}-1111-4111-8111-111111111111`,
    count: 13,
    head: sha256(`head ${index}`),
    time: new Date(Date.UTC(2026, 10, 20) - index).toISOString(),
  }));
const byUid = (heads: readonly Head[]): ReadonlyMap<string, Head> => new Map(heads.map((head) => [head.uid, head]));
const named = (claims: readonly CheckpointClaims[]): number => claims.reduce((sum, { heads }) => sum + heads.length, 0);

describe("a checkpoint", () => {
  it("names every chain at the beginning, on lines that every log carries whole", async () => {
    const heads = many(300);
    const claims = checkpointsOf(said, heads, new Map());
    expect(new Set(claims.flatMap((one) => one.heads.map(([, uid]) => uid))).size).toBe(300);
    expect(claims.every(({ chains, records }) => chains === 300 && records === 3900)).toBe(true);
    const lines = await Promise.all(claims.map((one) => signCheckpoint(key, one)));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(16_000);
    expect((await Promise.all(lines.map((line) => verifyCheckpoint(line, keys)))).every(({ ok }) => ok)).toBe(true);
  });
  it("later names what moved, and on the same line those that moved last", () => {
    const heads = many(300);
    const before = byUid(
      heads.map((head, index) => (index === 299 ? { ...head, count: 12, head: sha256("before") } : head)),
    );
    const [only, ...more] = checkpointsOf(said, heads, before);
    expect(more).toEqual([]);
    expect(only?.heads[0]?.[1]).toBe(heads[299]?.uid);
    expect(only?.heads[1]?.[1]).toBe(heads[0]?.uid);
    expect(named(only === undefined ? [] : [only])).toBeGreaterThan(50);
  });
  it("of one namespace with nothing in it any more is written, too", () => {
    expect(checkpointsOf(said, [], new Map())).toMatchObject([{ chains: 0, records: 0, heads: [] }]);
  });
  it("that somebody else signed is not the operator's", async () => {
    const stranger = await parseSigningKey((await generateKeys()).privateJwk);
    const [claims] = checkpointsOf(said, many(1), new Map());
    if (claims === undefined) throw new Error("there is no checkpoint");
    expect(await verifyCheckpoint(await signCheckpoint(stranger, claims), keys)).toMatchObject({ ok: false });
    expect(
      await verifyCheckpoint(await signCheckpoint({ kid: key.kid, key: stranger.key }, claims), keys),
    ).toMatchObject({ ok: false });
  });
});

interface Line {
  readonly msg: string;
  readonly checkpoint?: string;
  readonly [field: string]: unknown;
}

const stage = (records: () => readonly RawRecord[]) => {
  const lines: Line[] = [];
  const metrics = new Registry();
  const checkpoints = createCheckpoints({
    records: () => records().map(({ namespace, spec }) => ({ metadata: { namespace }, spec })),
    key,
    metrics,
    log: createLog("info", { write: (line) => void lines.push(JSON.parse(line) as Line) }),
    by: "operator-1",
    now: () => Date.UTC(2026, 10, 20, 12),
    everyMs: 3_600_000,
  });
  return { lines, metrics, checkpoints };
};

describe("the operator", () => {
  it("says what it knows in the log and in the metrics", async () => {
    const { lines, metrics, checkpoints } = stage(() => [...chainOfUpdate(1), ...chainOfUpdate(2, "other")]);
    await checkpoints.write();
    expect(lines).toMatchObject([
      { msg: "checkpoint of the records", namespace: "raos", chains: 1, records: 13 },
      { msg: "checkpoint of the records", namespace: "other", chains: 1, records: 13 },
    ]);
    const [heads] = [headsOf(chainOfUpdate(1).map(({ spec }) => spec))];
    expect(await verifyCheckpoint(lines[0]?.checkpoint ?? "", keys)).toMatchObject({
      ok: true,
      claims: { heads: [["security-patch-001", heads[0]?.uid, 13, heads[0]?.head]] },
    });
    const text = await metrics.metrics();
    expect(text).toContain('ashat_chains{namespace="raos"} 1');
    expect(text).toContain('ashat_records{namespace="other"} 13');
    expect(text).toContain(`ashat_records_heads_info{namespace="raos",sha256="${String(lines[0]?.["sha256"])}"} 1`);
    expect(text).toContain(`ashat_checkpoint_timestamp_seconds ${Date.UTC(2026, 10, 20, 12) / 1000}`);
  });
  it("complains at once when records go away before its eyes, also all of them", async () => {
    let records: readonly RawRecord[] = chainOfUpdate(1);
    const { lines, checkpoints } = stage(() => records);
    await checkpoints.write();
    records = records.slice(0, 10);
    await checkpoints.write();
    records = [];
    await checkpoints.write();
    const complaints = lines.filter(({ msg }) => msg === "records of an update were taken away");
    expect(complaints).toMatchObject([
      { update: "security-patch-001", had: 13, has: 10 },
      { update: "security-patch-001", had: 10, has: 0 },
    ]);
  });
  it("writes one when it begins and one when it ends, and none before it knows the records", async () => {
    const { lines, checkpoints } = stage(() => chainOfUpdate(1));
    const stop = new AbortController();
    const known = Promise.withResolvers<void>();
    const running = checkpoints.run(stop.signal, known.promise);
    expect(lines).toHaveLength(0);
    known.resolve();
    await expect.poll(() => lines.length).toBe(1);
    stop.abort();
    await running;
    expect(lines).toHaveLength(2);
    const never = new AbortController();
    never.abort();
    await checkpoints.run(never.signal, known.promise);
    expect(lines).toHaveLength(2);
  });
});
