import { isDeepStrictEqual } from "node:util";
import type { End } from "./end.ts";
import type { Run } from "./run.ts";

/** Everything in which a run is not as it has to be, in sentences. Each oracle is a function of the run and of the one nobody disturbed. */
export type Oracle = (run: Run, calm: Run) => readonly string[];

const differences = (at: string, got: unknown, wanted: unknown): readonly string[] => {
  if (isDeepStrictEqual(got, wanted)) return [];
  if (Array.isArray(got) && Array.isArray(wanted) && got.length === wanted.length)
    return got.flatMap((one, index) => differences(`${at}[${index}]`, one, wanted[index]));
  if (isRecord(got) && isRecord(wanted))
    return [...new Set([...Object.keys(got), ...Object.keys(wanted)])].flatMap((key) =>
      differences(`${at}.${key}`, got[key], wanted[key]),
    );
  return [`${at} is ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`];
};
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** It came to its end at all, and to the same one. */
const sameEnd: Oracle = ({ end, trouble }, calm) =>
  end === undefined ? [`it did not come to its end: ${trouble ?? "no reason"}`] : differences("end", end, calm.end);

const neverTwice: Oracle = ({ end }) =>
  Object.entries(end?.targets ?? {}).flatMap(([name, { activations }]) =>
    activations.some((count) => count > 1)
      ? [`${name} switched ${activations.join(", ")} times by the same order`]
      : [],
  );

/**
 * Events are for people: one may be missing, and what was seen only in passing may have been told, where nobody else was fast enough to
 * see it; no move is told twice, and none that was not made.
 */
const IN_PASSING = /\.(Waiting|AwaitingApproval|ReconcileError|Forbidden|Invalid)$/;

const movesTold = ({ end }: Run, event: string): number => {
  const [, update = "", phase = ""] = /^events (.*)\.([A-Za-z]+)$/.exec(event) ?? [];
  return (end?.updates[update]?.chain ?? []).filter((move) => move.split(" | ")[0]?.includes(`>${phase} `)).length;
};

const countsOf = ({ created }: Run, events: boolean): ReadonlyMap<string, number> =>
  new Map([...created].filter(([name]) => name.startsWith("events ") === events));

const sameCreations: Oracle = (run, calm) => {
  const [got, wanted] = [countsOf(run, false), countsOf(calm, false)];
  return [...new Set([...got.keys(), ...wanted.keys()])].flatMap((name) =>
    got.get(name) === wanted.get(name)
      ? []
      : [`${name} was created ${got.get(name) ?? 0} times instead of ${wanted.get(name) ?? 0}`],
  );
};

const eventsOnce: Oracle = (run, calm) => {
  const wanted = countsOf(calm, true);
  return [...countsOf(run, true)].flatMap(([name, count]) =>
    count > Math.max(wanted.get(name) ?? 0, movesTold(run, name)) && !IN_PASSING.test(name)
      ? [`${name} was told ${count} times instead of ${wanted.get(name) ?? 0}`]
      : [],
  );
};

const unbroken: Oracle = ({ broken }) => broken;

const silence: Oracle = ({ restless }) => (restless === undefined ? [] : [restless]);

/** A lease that could not be renewed in time ends a process by intent; a machine under load does that, too. */
const noStrayFailure: Oracle = ({ stray }) =>
  stray
    .filter((sentence) => !sentence.startsWith("the leadership was lost"))
    .map((sentence) => `an operator ended by itself: ${sentence}`);

export const ORACLES: readonly Oracle[] = [
  sameEnd,
  neverTwice,
  sameCreations,
  eventsOnce,
  unbroken,
  silence,
  noStrayFailure,
];

export const judge = (run: Run, calm: Run): readonly string[] => ORACLES.flatMap((oracle) => oracle(run, calm));
export type { End };
