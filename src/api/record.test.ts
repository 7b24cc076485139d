import { describe, expect, it } from "vitest";
import { type RecordBody, recordName, type RecordSpec, seal, verifyChain } from "./record.ts";

/** Small and seeded, so that a failure names the run that repeats it (mulberry32). */
const dice = (seed: number) => {
  let state = seed;
  return (sides: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sides);
  };
};

const chain = (length: number, uid: string): readonly RecordSpec[] => {
  const made: RecordSpec[] = [];
  for (let seq = 0; seq < length; seq += 1) made.push(seal(body(seq, made.at(-1)?.hash ?? "", uid)));
  return made;
};
const body = (seq: number, previous: string, uid: string): RecordBody => ({
  seq,
  previous,
  time: "2026-11-20T10:00:00Z",
  deployment: { name: "security-patch-001", uid },
  app: "default",
  version: "9.4.2",
  artifacts: [{ layer: "main", digest: `sha256:${"ab".repeat(32)}` }],
  to: "Waiting",
  reason: "Created",
  message: `Move ${seq}.`,
  approvals: [{ user: "alice", token: "0123456789abcdef" }],
  actor: { name: "author", known: "Admission" },
});

const UID = "3f0f2c50-1111-2222-3333-444444444444";
const OTHER = "8a0f2c50-1111-2222-3333-444444444444";
const RUNS = Array.from({ length: 200 }, (_, seed) => seed);

type Damage = (records: RecordSpec[], roll: (sides: number) => number) => void;
const at = (records: readonly RecordSpec[], index: number): RecordSpec => {
  const found = records[index];
  if (found === undefined) throw new RangeError(`no record ${index}`);
  return found;
};

const DAMAGE: Readonly<Record<string, Damage>> = {
  "an edited record": (records, roll) => {
    const index = roll(records.length);
    const record = at(records, index);
    const edits: readonly RecordSpec[] = [
      { ...record, message: "Nothing happened." },
      { ...record, approvals: [{ user: "bob", token: "0123456789abcdef" }] },
      { ...record, time: "2026-11-20T10:00:01Z" },
      { ...record, to: "Passed" },
      { ...record, token: "ab".repeat(32) },
    ];
    records[index] = at(edits, roll(edits.length));
  },
  "an edited record with its hash made new": (records, roll) => {
    // Not the last: a chain cannot prove its own newest record, only status.records.head and a checkpoint can.
    const index = roll(records.length - 1);
    records[index] = seal({ ...withoutHash(at(records, index)), message: "Nothing happened." });
  },
  "a record taken out": (records, roll) => {
    records.splice(roll(records.length - 1), 1);
  },
  "two records in each other's place": (records, roll) => {
    const first = roll(records.length - 1);
    const [a, b] = [at(records, first), at(records, first + 1)];
    const [hashless, other] = [withoutHash(a), withoutHash(b)];
    records[first] = seal({ ...other, seq: a.seq, previous: a.previous });
    records[first + 1] = seal({ ...hashless, seq: b.seq, previous: b.previous });
  },
  "a record put between": (records, roll) => {
    const index = roll(records.length);
    const record = at(records, index);
    records.splice(index, 0, seal({ ...withoutHash(record), message: "In between." }));
  },
  "a record of another update in its place": (records, roll) => {
    const index = 1 + roll(records.length - 1);
    records[index] = at(chain(records.length, OTHER), index);
  },
};
const withoutHash = (record: RecordSpec): RecordBody => {
  const { hash: _, ...rest } = record;
  return rest;
};

describe("a chain of records", () => {
  it("proves itself, in whatever order it is read", () => {
    for (const seed of RUNS) {
      const roll = dice(seed);
      const records = chain(1 + roll(12), UID).map((record) => ({ record, place: roll(1000) }));
      const shuffled = records.sort((a, b) => a.place - b.place).map(({ record }) => record);
      expect(verifyChain(shuffled), `seed ${seed}`).toEqual([]);
    }
  });

  it("proves itself after a way through JSON", () => {
    const read = JSON.parse(JSON.stringify(chain(3, UID))) as readonly RecordSpec[];
    expect(verifyChain(read)).toEqual([]);
  });

  it.each(Object.entries(DAMAGE))("shows %s", (_, damage) => {
    for (const seed of RUNS) {
      const roll = dice(seed);
      const records = [...chain(2 + roll(10), UID)];
      damage(records, roll);
      expect(verifyChain(records).length, `seed ${seed}`).toBeGreaterThan(0);
    }
  });

  it("says in sentences what is wrong, by the name of the record", () => {
    const [first, second, third] = chain(3, UID);
    if (first === undefined || second === undefined || third === undefined) throw new RangeError("three were made");
    expect(verifyChain([first, third])).toEqual([
      "security-patch-001-3f0f2c50-2: record 1 is missing",
      "security-patch-001-3f0f2c50-2: it does not follow the record before it",
    ]);
    expect(verifyChain([first, { ...second, message: "x" }, third])).toEqual([
      "security-patch-001-3f0f2c50-1: its content does not match its hash",
    ]);
  });

  it("is named after the update, the start of its uid and the place", () => {
    expect(recordName({ name: "security-patch-001", uid: UID }, 7)).toBe("security-patch-001-3f0f2c50-7");
  });
});
