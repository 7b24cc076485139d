import { beforeAll, describe, expect, it } from "vitest";
import { chainOfUpdate, diceOf, type Dice } from "../../test/unit/chain-of-update.ts";
import { headsOf } from "../api/heads.ts";
import { recordName, type RecordSpec, seal } from "../api/record.ts";
import { checkpointsOf } from "../controllers/checkpoint.ts";
import { chainsOf } from "./chains.ts";
import { against, type Checkpoints } from "./checkpoints.ts";
import { exported, imported } from "./export.ts";
import { prove } from "./proof.ts";
import type { RawRecord } from "./records.ts";

const SEED = Number(process.env["ASHAT_SEED"] ?? Date.now() % 2 ** 32);
const EDITS = 1000;

const ALL: readonly RawRecord[] = [0, 1, 2].flatMap((number) => chainOfUpdate(number));
const checkpoint: Checkpoints = {
  claims: checkpointsOf(
    { time: "2026-11-20T12:00:00.000Z", by: "operator-1", namespace: "raos" },
    headsOf(ALL.map(({ spec }) => spec)),
    new Map(),
  ),
  problems: [],
};

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

const leaves = (value: Json, at: Path = []): readonly Path[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, part]) => leaves(part, [...at, Array.isArray(value) ? Number(name) : name]))
    : [at];

const parent = (value: Json, path: Path): { [name: string]: Json } => {
  let here = value;
  for (const step of path.slice(0, -1)) here = (here as { [name: string]: Json })[step] ?? null;
  return here as { [name: string]: Json };
};

const changed = (value: Json, dice: Dice): Json => {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1 + dice(3);
  if (typeof value !== "string" || value === "") return "x";
  const at = dice(value.length);
  const letter = "0123456789abcdefxyzABC "[dice(22)] ?? "x";
  return `${value.slice(0, at)}${letter === value[at] ? "~" : letter}${value.slice(at + 1)}`;
};

const pick = <T>(list: readonly T[], dice: Dice): T => {
  const one = list[dice(list.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
};
const resealed = ({ hash: _hash, ...body }: RecordSpec): RecordSpec => seal(body);
const edited = (record: RawRecord, edit: (spec: { [name: string]: Json }) => void): RawRecord => {
  const spec = structuredClone(record.spec) as unknown as { [name: string]: Json };
  edit(spec);
  return { ...record, spec: spec as unknown as RecordSpec };
};
const someLeaf = (record: RawRecord, dice: Dice): RawRecord =>
  edited(record, (spec) => {
    const path = pick(leaves(spec), dice);
    const last = path.at(-1) ?? "";
    const at = parent(spec, path);
    at[last] = changed(at[last] ?? null, dice);
  });
/** Something a forger would change: not what holds the chain together. */
const told = (record: RawRecord, dice: Dice): RawRecord =>
  edited(record, (spec) => {
    spec["message"] = changed(spec["message"] ?? "", dice);
  });
const chainOf = (records: readonly RawRecord[], { spec }: RawRecord): readonly RawRecord[] =>
  records.filter((one) => one.spec.deployment.uid === spec.deployment.uid);
const newest = (records: readonly RawRecord[], record: RawRecord): boolean =>
  chainOf(records, record).every(({ spec }) => spec.seq <= record.spec.seq);
const replaced = (records: readonly RawRecord[], old: RawRecord, by: readonly RawRecord[]): readonly RawRecord[] =>
  records.flatMap((one) => (one === old ? by : [one]));
const rewritten = (records: readonly RawRecord[], from: RawRecord, first: RecordSpec): readonly RawRecord[] => {
  let previous = "";
  return records.map((record) => {
    if (record.spec.deployment.uid !== from.spec.deployment.uid || record.spec.seq < from.spec.seq) return record;
    const spec = record === from ? resealed(first) : resealed({ ...record.spec, previous });
    previous = spec.hash;
    return { ...record, spec };
  });
};

/** The content of one record at the place of another, sealed. */
const as = ({ spec }: RawRecord, { name, namespace, spec: { seq, previous } }: RawRecord): RawRecord => ({
  name,
  namespace,
  spec: resealed({ ...spec, seq, previous }),
});

type Attack = (records: readonly RawRecord[], dice: Dice) => readonly RawRecord[];

/** What the chain itself shows. */
const SHOWN: Readonly<Record<string, Attack>> = {
  "a value is changed": (records, dice) => {
    const victim = pick(records, dice);
    return replaced(records, victim, [someLeaf(victim, dice)]);
  },
  "a field is removed": (records, dice) => {
    const victim = pick(records, dice);
    return replaced(records, victim, [
      edited(victim, (spec) => {
        const path = pick(leaves(spec), dice);
        delete parent(spec, path)[path.at(-1) ?? ""];
      }),
    ]);
  },
  "a field is added": (records, dice) => {
    const victim = pick(records, dice);
    return replaced(records, victim, [edited(victim, (spec) => void (spec[`x${dice(1000)}`] = dice(1000)))]);
  },
  "a record is taken out": (records, dice) => {
    const victim = pick(
      records.filter((record) => !newest(records, record)),
      dice,
    );
    return replaced(records, victim, []);
  },
  "several records are taken out": (records, dice) => {
    const victim = pick(
      records.filter((record) => !newest(records, record)),
      dice,
    );
    const many = 1 + dice(5);
    return records.filter(
      (one) =>
        newest(records, one) ||
        one.spec.deployment.uid !== victim.spec.deployment.uid ||
        one.spec.seq < victim.spec.seq ||
        one.spec.seq >= victim.spec.seq + many,
    );
  },
  "two records change places": (records, dice) => {
    const a = pick(records, dice);
    const b = pick(
      records.filter((one) => one !== a),
      dice,
    );
    return records.map((one) => (one === a ? { ...a, spec: b.spec } : one === b ? { ...b, spec: a.spec } : one));
  },
  "two records change numbers, sealed anew": (records, dice) => {
    const a = pick(records, dice);
    const b = pick(
      chainOf(records, a).filter((one) => one !== a),
      dice,
    );
    return records.map((one) => (one === a ? as(b, a) : one === b ? as(a, b) : one));
  },
  "a record is told again": (records, dice) => {
    const victim = pick(records, dice);
    const at = records.length + dice(3);
    return replaced(records, victim, [victim, { ...victim, name: recordName(victim.spec.deployment, at) }]);
  },
  "a forged record is put in between": (records, dice) => {
    const victim = pick(
      records.filter((record) => !newest(records, record)),
      dice,
    );
    const { deployment, seq, hash } = victim.spec;
    const forged = resealed({ ...told(victim, dice).spec, seq: seq + 1, previous: hash });
    return replaced(records, victim, [victim, { ...victim, name: recordName(deployment, seq + 1), spec: forged }]);
  },
  "a record is changed and sealed anew": (records, dice) => {
    const victim = pick(
      records.filter((record) => !newest(records, record)),
      dice,
    );
    return replaced(records, victim, [{ ...victim, spec: resealed(told(victim, dice).spec) }]);
  },
  "a record of another update is put in its place": (records, dice) => {
    const victim = pick(records, dice);
    const other = pick(
      records.filter(({ spec }) => spec.deployment.uid !== victim.spec.deployment.uid),
      dice,
    );
    return replaced(records, victim, [{ ...victim, spec: other.spec }]);
  },
};

/** What only somebody sees who knows how far the chain had come. */
const HIDDEN: Readonly<Record<string, Attack>> = {
  "the newest are taken off the end": (records, dice) => {
    const victim = pick(
      records.filter(({ spec }) => spec.seq > 0),
      dice,
    );
    return records.filter(
      ({ spec }) => spec.deployment.uid !== victim.spec.deployment.uid || spec.seq < victim.spec.seq,
    );
  },
  "a whole chain is taken away": (records, dice) => {
    const { spec } = pick(records, dice);
    return records.filter((one) => one.spec.deployment.uid !== spec.deployment.uid);
  },
  "a chain is written anew from somewhere to its end": (records, dice) => {
    const victim = pick(records, dice);
    return rewritten(records, victim, told(victim, dice).spec);
  },
  "the end is exchanged for another one of the same length": (records, dice) => {
    const victim = pick(
      records.filter((record) => newest(records, record)),
      dice,
    );
    return replaced(records, victim, [{ ...victim, spec: resealed({ ...told(victim, dice).spec, to: "Superseded" }) }]);
  },
};

const untouched = new Set(ALL);

/** As `deploy history --verify --file` reads it: over the lines of an export. What was not touched is read once. */
const byTheChain = (records: readonly RawRecord[]): boolean => {
  const touched = imported(
    records
      .filter((record) => !untouched.has(record))
      .map(exported)
      .join("\n"),
  );
  const read = [...records.filter((record) => untouched.has(record)), ...touched.records];
  return touched.problems.length > 0 || chainsOf(read).some((chain) => !prove(chain).proven);
};
const byTheCheckpoint = (records: readonly RawRecord[]): boolean =>
  against(chainsOf(records), checkpoint, { namespaces: ["raos"] }).problems.length > 0;

const byTheCheckpointAlone = (records: readonly RawRecord[]): boolean =>
  byTheCheckpoint(records) && !byTheChain(records);

const missed = (
  attacks: Readonly<Record<string, Attack>>,
  isFound: (records: readonly RawRecord[]) => boolean,
): { readonly tried: number; readonly missed: readonly string[] } => {
  const dice = diceOf(SEED);
  const names = Object.keys(attacks);
  const lost: string[] = [];
  for (let number = 0; number < EDITS; number += 1) {
    const name = names[number % names.length] ?? "";
    const touched = attacks[name]?.(ALL, dice) ?? ALL;
    if (!isFound(touched)) lost.push(`${number}: ${name}`);
  }
  return { tried: EDITS, missed: lost };
};

describe(`with seed ${SEED} (ASHAT_SEED)`, () => {
  beforeAll(() => console.info(`seed ${SEED}: run it again with ASHAT_SEED=${SEED}`));

  it("the chains as they were written prove themselves, and hold what the checkpoint names", () => {
    expect(byTheChain(ALL)).toBe(false);
    expect(byTheCheckpoint(ALL)).toBe(false);
    expect(byTheCheckpoint([...ALL, ...chainOfUpdate(3)])).toBe(false);
  });
  it("a thousand edits, deletions, reorderings and insertions are all found by the chains themselves", () => {
    expect(missed(SHOWN, byTheChain)).toEqual({ tried: EDITS, missed: [] });
  });
  it("a thousand truncations and rewritten ends are all found by a checkpoint, and by nothing else", () => {
    expect(missed(HIDDEN, byTheCheckpointAlone)).toEqual({ tried: EDITS, missed: [] });
  });
});

const problems = (records: readonly RawRecord[], update?: string): readonly string[] =>
  against(chainsOf(records), checkpoint, { namespaces: ["raos"], update }).problems;

describe("what a checkpoint says is missing", () => {
  const [first] = ALL;
  const uid = first?.spec.deployment.uid ?? "";
  it("names the update and how much of it", () => {
    expect(problems(ALL.filter(({ spec }) => spec.deployment.uid !== uid || spec.seq < 10))).toEqual([
      `security-patch-000 (uid ${uid}): 10 records here, but the checkpoint of 2026-11-20T12:00:00.000Z names 13 records: the last were taken off the end`,
    ]);
    expect(problems(ALL.filter(({ spec }) => spec.deployment.uid !== uid))).toEqual([
      `security-patch-000 (uid ${uid}): its whole chain is not here; the checkpoint of 2026-11-20T12:00:00.000Z names 13 records`,
    ]);
  });
  it("is about the update that was asked for", () => {
    const others = ALL.filter(({ spec }) => spec.deployment.uid === uid);
    expect(problems(others, "security-patch-000")).toEqual([]);
    expect(problems(others)).toHaveLength(2);
  });
  it("is counted where a line has no room to name it", () => {
    const unnamed = { problems: [], claims: checkpoint.claims.map((claims) => ({ ...claims, heads: [] })) };
    expect(against(chainsOf(ALL.slice(0, -1)), unnamed, { namespaces: ["raos"] }).problems[0]).toContain(
      "3 updates with 38 records, but the checkpoint of 2026-11-20T12:00:00.000Z counts 3 with 39",
    );
  });
  it("is nothing about another namespace, and no checkpoint of it is no proof", () => {
    expect(against([], checkpoint, { namespaces: ["other"] })).toEqual({
      proven: [],
      problems: ["no checkpoint is of namespace other"],
    });
  });
});
