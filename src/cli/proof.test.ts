import { describe, expect, test } from "vitest";
import { sha256 } from "../api/hash.ts";
import { type RecordBody, recordName, type RecordSpec, seal } from "../api/record.ts";
import { chainsOf } from "./chains.ts";
import { exported, imported } from "./export.ts";
import { prove } from "./proof.ts";
import type { RawRecord } from "./records.ts";

const UPDATE = { name: "security-patch-001", uid: "602f3891-2a1b-4c3d-8e4f-5a6b7c8d9e0f" };
const raw = (spec: RecordSpec): RawRecord => ({ namespace: "raos", name: recordName(spec.deployment, spec.seq), spec });

/** A chain as the operator writes one: each record sealed, each naming the one before. */
const written = (moves: readonly Partial<RecordBody>[], deployment = UPDATE): readonly RawRecord[] => {
  const records: RecordSpec[] = [];
  for (const [seq, move] of moves.entries())
    records.push(
      seal({
        seq,
        previous: records.at(-1)?.hash ?? "",
        time: `2026-11-20T10:00:0${seq}.000Z`,
        deployment,
        app: "default",
        version: "9.4.2",
        artifacts: [{ layer: "main", digest: `sha256:${"a".repeat(64)}` }],
        to: "Waiting",
        reason: "Created",
        message: "default 9.4.2: Critical security fixes",
        actor: { name: "author", known: "Admission" },
        ...move,
      }),
    );
  return records.map(raw);
};

const DOCUMENT = '{"category":"Health Check"}';
const whole = written([
  {},
  {
    tier: "omega",
    from: "Waiting",
    to: "Delivering",
    approvals: [{ user: "ann", token: "0123456789abcdef", reason: "looked at it" }],
    actor: { name: "ann", known: "Admission" },
  },
  { tier: "omega", from: "Delivering", to: "Verifying" },
  {
    tier: "omega",
    from: "Verifying",
    to: "Passed",
    evidence: [
      {
        target: "omega",
        category: "Health Check",
        verdict: "Passed",
        message: "well",
        document: DOCUMENT,
        sha256: sha256(DOCUMENT),
      },
    ],
  },
]);
const head = { uid: UPDATE.uid, count: 4, head: whole[3]?.spec.hash ?? "" };

const provenBy = (records: readonly RawRecord[], status = head) => {
  const [chain] = chainsOf(records);
  if (chain === undefined) throw new Error("there is no chain");
  return prove(chain, status);
};
const resealed = ({ hash: _hash, ...body }: RecordSpec): RecordSpec => seal(body);
const withMore = (spec: RecordSpec): RecordSpec => Object.assign({}, spec, { unknownHere: true });
const problems = (records: readonly RawRecord[]): string => {
  const proof = provenBy(records);
  return proof.proven ? "" : proof.problems.join("\n");
};
const changed = (index: number, change: (spec: RecordSpec) => RecordSpec): readonly RawRecord[] =>
  whole.map((record, at) => (at === index ? { ...record, spec: change(record.spec) } : record));

test("a whole chain is proven, in whatever order it was read, and says who approved and how that is known", () => {
  const proof = provenBy(whole.toReversed());
  expect(proof).toMatchObject({
    proven: true,
    approvals: ["omega was approved by ann (stamped by the API server), naming token 0123456789abcdef: looked at it"],
  });
});

test("an approval by a commit says what was applied, and at which revision", () => {
  const source = { kind: "Kustomization", namespace: "flux-system", name: "apps", revision: "main@sha1:4f2a" } as const;
  const bot = "system:serviceaccount:flux-system:kustomize-controller";
  const moved = whole.findIndex(({ spec }) => spec.approvals !== undefined);
  const committed = whole.slice(0, moved + 1).map((record, index) => {
    const { spec } = record;
    if (index !== moved) return record;
    const approvals = [{ user: bot, token: "0123456789abcdef" }];
    return { ...record, spec: resealed({ ...spec, approvals, actor: { name: bot, known: "Admission", source } }) };
  });
  const last = { ...head, count: moved + 1, head: committed.at(-1)?.spec.hash ?? "" };
  expect(provenBy(committed, last)).toMatchObject({
    approvals: [
      `omega was approved by ${bot} (stamped by the API server, from Kustomization flux-system/apps at main@sha1:4f2a), naming token 0123456789abcdef`,
    ],
  });
});

describe("a chain that somebody touched is not proven", () => {
  test("a word of a message was changed", () => {
    expect(problems(changed(2, (spec) => ({ ...spec, message: `${spec.message}!` })))).toContain(
      "-2: its content does not match its hash",
    );
  });
  test("a record was changed and sealed anew", () => {
    const forged = changed(1, (spec) => resealed({ ...spec, approvals: [{ user: "bob", token: "0123456789abcdef" }] }));
    expect(problems(forged)).toContain("-2: it does not follow the record before it");
  });
  test("a record was taken out of the middle", () => {
    expect(problems(whole.filter((_, index) => index !== 2))).toContain("record 2 is missing");
  });
  test("the newest was taken off the end, and the status still names it", () => {
    expect(problems(whole.slice(0, 3))).toContain("records were taken off the end");
  });
  test("a field that this version does not know was added", () => {
    expect(problems(changed(0, withMore))).toContain("-0: its content does not match its hash");
  });
  test("a record stands under the name of another", () => {
    expect(
      problems(
        whole.map((record, index) => (index === 3 ? { ...record, name: "security-patch-001-602f3891-9" } : record)),
      ),
    ).toContain("it holds what belongs into security-patch-001-602f3891-3");
  });
  test("a document of a check was exchanged, and the record sealed anew", () => {
    const forged = changed(3, (spec) =>
      resealed({ ...spec, evidence: (spec.evidence ?? []).map((item) => ({ ...item, document: "{}" })) }),
    );
    expect(problems(forged)).toContain("the document of Health Check on omega does not match its digest");
  });
});

test("an update that was deleted and made again under its name has a chain of its own", () => {
  const again = written([{}], { ...UPDATE, uid: "7c8d9e0f-2a1b-4c3d-8e4f-5a6b602f3891" });
  expect(
    chainsOf([...again, ...whole])
      .map(({ records }) => records.length)
      .toSorted((a, b) => a - b),
  ).toEqual([1, 4]);
});

test("what is exported is read back to the letter, and a line that is no record is a problem and not passed over", () => {
  const stored = changed(0, withMore);
  const text = `${stored.map(exported).join("\n")}\n\nnot a record\n{"spec":{}}\n`;
  const { records, problems } = imported(text);
  expect(records).toEqual(stored);
  expect(problems).toEqual(["line 6 is not JSON", "line 7 is not a DeploymentRecord: look at spec.seq"]);
});
