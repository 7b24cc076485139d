import { createHash } from "node:crypto";
import { CATEGORIES } from "../../src/api/categories.ts";
import { sha256 } from "../../src/api/hash.ts";
import { type RecordBody, recordName, type RecordSpec, seal } from "../../src/api/record.ts";
import type { RawRecord } from "../../src/cli/records.ts";

/** Numbers that look random and come again with the same seed. */
export type Dice = (below: number) => number;

/** mulberry32 */
export const diceOf = (seed: number): Dice => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
};

const uidOf = (text: string): string =>
  createHash("sha256")
    .update(text)
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");

const TIERS = ["alpha", "public", "omega", "mainframes"] as const;

/** The chain of one update as the operator writes it on the whole way from ALPHA to the mainframes. */
export function chainOfUpdate(number: number, namespace = "raos"): readonly RawRecord[] {
  const name = `security-patch-${String(number).padStart(3, "0")}`;
  const deployment = { name, uid: uidOf(`${namespace}/${name}`) };
  const records: RecordSpec[] = [];
  const write = (move: Partial<RecordBody> & Pick<RecordBody, "to" | "reason" | "message">): void => {
    const seq = records.length;
    records.push(
      seal({
        seq,
        previous: records.at(-1)?.hash ?? "",
        time: new Date(Date.UTC(2026, 10, 20, 10, number, seq)).toISOString(),
        deployment,
        app: "default",
        version: `9.4.${number}`,
        artifacts: [{ layer: "main", digest: `sha256:${sha256(name)}` }],
        actor: { name: "system:serviceaccount:ashat-system:ashat", known: "Operator" },
        ...move,
      }),
    );
  };
  write({
    to: "Waiting",
    reason: "Created",
    message: "Critical security fixes",
    actor: { name: "dev", known: "Admission" },
  });
  for (const tier of TIERS) {
    const target = {
      kind: tier === "mainframes" ? "Mainframe" : "Server",
      name: `${tier}-1`,
      uid: uidOf(tier),
      sequence: number + 1,
    } as const;
    const token = sha256(`${name} ${tier}`);
    const approved = tier === "omega" && {
      approvals: ["ann", "ben"].map((user, slot) => ({
        user,
        slot: String(slot),
        token: token.slice(0, 16),
        reason: "looked at it",
      })),
      actor: { name: "ann", known: "Admission" } as const,
    };
    write({
      tier,
      token,
      from: "Waiting",
      to: "Delivering",
      reason: "GatesOpen",
      message: "every gate is open",
      targets: [target],
      readAt: "4711",
      ...approved,
    });
    write({
      tier,
      from: "Delivering",
      to: "Verifying",
      reason: "Applied",
      message: "applied",
      targets: [{ ...target, attempt: 1, message: "Applied" }],
    });
    const evidence = CATEGORIES.map((category) => {
      const document = JSON.stringify({
        category,
        verdict: "Passed",
        asserted: ["GET / answers 200"],
        measurements: { latencyMs: 3 + number },
      });
      return {
        target: target.name,
        category,
        verdict: "Passed" as const,
        message: "well",
        document,
        sha256: sha256(document),
      };
    });
    write({
      tier,
      completes: true,
      from: "Verifying",
      to: "Passed",
      reason: "Verified",
      message: "all checks passed",
      targets: [target],
      evidence,
    });
  }
  return records.map((spec) => ({ namespace, name: recordName(deployment, spec.seq), spec }));
}
