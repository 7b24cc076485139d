import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClusterAccess } from "../cluster/access.ts";
import { MATRIX } from "./matrix.ts";
import { type People, peopleIn } from "./people.ts";
import { type Outcome, playerOf } from "./play.ts";
import type { Stamps } from "./row.ts";
import { MADE_ODDLY } from "./made-oddly.ts";
import { ODD_PATCHES } from "./odd-patches.ts";
import { ODD_WORDS } from "./odd-words.ts";
import { STOLEN_RIGHTS } from "./stolen-rights.ts";
import { DECISIONS, tableOf } from "./table.ts";

const SPECIALS = [
  ["odd keys and values", ODD_WORDS, "words"],
  ["patches that say one thing and mean another", ODD_PATCHES, "patches"],
  ["made and replaced with what is not theirs to say", MADE_ODDLY, "made"],
  ["stolen names and rights", STOLEN_RIGHTS, "stolen"],
] as const;

interface Where {
  readonly stamps: Stamps;
  readonly cluster: () => Promise<ClusterAccess>;
  readonly skip?: boolean;
  /** How long the cluster may take to come up, where that is longer than usual. */
  readonly patienceMs?: number;
}

/** The same rows on any API server; at the end one table of all that was asked and how it was answered. */
export function playAttacks(title: string, { stamps, cluster, skip = false, patienceMs }: Where): void {
  const played: { readonly name: string; readonly outcomes: readonly Outcome[] }[] = [];
  let people: People | undefined;

  describe.skipIf(skip)(`requests where ${title}`, () => {
    beforeAll(async () => {
      people = await peopleIn(await cluster(), "attacks");
    }, patienceMs);
    afterAll(async () => {
      await people?.close();
      console.info(`\n${summary(title, played)}\n`);
    });

    it.each(MATRIX.map((group, index) => [group.name, group, index] as const))(
      "are answered as the rights say: %s",
      async (name, group, index) => {
        if (people === undefined) throw new Error("nobody is there yet");
        const outcomes = await playerOf(people, stamps, `g${index}`).playGroup(group);
        played.push({ name, outcomes });
        expect(wrongOf(outcomes)).toEqual([]);
      },
    );

    it.each(SPECIALS)("are answered as each says: %s", async (name, specials, prefix) => {
      if (people === undefined) throw new Error("nobody is there yet");
      const outcomes = await playerOf(people, stamps, prefix).playSpecials(specials);
      played.push({ name, outcomes });
      expect(wrongOf(outcomes)).toEqual([]);
    });
  });
}

const wrongOf = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.flatMap(({ row, wrong }) => (wrong === undefined ? [] : [`${row}: ${wrong}`]));

function summary(
  title: string,
  played: readonly { readonly name: string; readonly outcomes: readonly Outcome[] }[],
): string {
  const rows = played.map(({ name, outcomes }) => [
    name,
    outcomes.length,
    ...DECISIONS.map((decision) => outcomes.filter((outcome) => outcome.decision === decision).length),
    outcomes.filter(({ wrong }) => wrong !== undefined).length,
  ]);
  const total = [
    "all",
    ...DECISIONS.map((_, index) => index)
      .concat([DECISIONS.length, DECISIONS.length + 1])
      .map((column) => rows.reduce((sum, row) => sum + Number(row[column + 1]), 0)),
  ];
  return tableOf(`Requests where ${title}`, ["what", "rows", ...DECISIONS, "not as expected"], [...rows, total]);
}
