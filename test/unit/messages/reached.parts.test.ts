import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readCatalogue, type Row } from "./catalogue.ts";
import { SITUATIONS, waysOf } from "./situations.ts";
import type { Told } from "./told.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const CATALOGUE = readCatalogue(ROOT);

const played = new Map<string, Promise<readonly Told[]>>();

/** All that is said in a situation, which is played once. */
const toldIn = (name: string): Promise<readonly Told[]> => {
  const play = SITUATIONS.get(name);
  if (play === undefined) throw new Error(`there is no situation "${name}"`);
  const told = played.get(name) ?? Promise.resolve(play());
  played.set(name, told);
  return told;
};

const isUnder = ({ codes }: Row, told: Told): boolean =>
  codes.some((all) => all.every((code) => told.codes.includes(code)));
const isOf = (row: Row, told: Told): boolean => isUnder(row, told) && row.matches.test(told.text);

/** A test elsewhere, as `file`: title. */
const ELSEWHERE = /^`([^`]+)`: (.+)$/;
const [elsewhere, here] = [
  CATALOGUE.filter(({ shownBy }) => ELSEWHERE.test(shownBy)),
  CATALOGUE.filter(({ shownBy }) => !ELSEWHERE.test(shownBy)),
];
const named = (row: Row): readonly [string, Row] => [
  `${row.codes.map((all) => all.join(" ")).join(" or ")}: ${row.pattern}`,
  row,
];

describe("the catalogue of messages", () => {
  test("has rows of every kind", () => {
    expect(here.length).toBeGreaterThan(100);
    expect(elsewhere.length).toBeGreaterThan(30);
    expect(
      CATALOGUE.filter(({ codes, pattern, shownBy }) => [codes.length, pattern, shownBy].some((one) => !one)),
    ).toEqual([]);
  });

  test.each(here.map(named))("%s", async (_name, row) => {
    const told = await toldIn(row.shownBy);
    const near = told.filter((one) => isUnder(row, one));
    expect(told.some((one) => isOf(row, one)) || near.map(({ text }) => text), row.where).toBe(true);
  });

  test.each(elsewhere.map(named))("%s, elsewhere", (_name, { shownBy, where }) => {
    const [, file = "", title = ""] = ELSEWHERE.exec(shownBy) ?? [];
    expect(existsSync(`${ROOT}${file}`), `${where}: ${file}`).toBe(true);
    const source = readFileSync(`${ROOT}${file}`, "utf8");
    expect(
      source.includes(`"${title}"`) || source.includes(`\`${title}\``),
      `${where}: ${file} has no "${title}"`,
    ).toBe(true);
  });
});

test.each([...SITUATIONS.keys()])("whatever is said is in the catalogue: %s", async (name) => {
  const told = await toldIn(name);
  expect(told.length).toBeGreaterThan(0);
  expect(told.filter((one) => !CATALOGUE.some((row) => isOf(row, one)))).toEqual([]);
});

test("whoever has to do something is named at every gate, and nothing is half a sentence", () => {
  const ways = waysOf();
  expect(ways.length).toBeGreaterThan(50);
  expect(ways.filter(({ who }) => who === "")).toEqual([]);
  expect(
    ways.filter(({ message, who, command }) => message.length > 1024 || who.length >= 512 || command.length > 2048),
  ).toEqual([]);
  expect(
    ways.filter(({ message, command }) => /undefined|\[object|\.\. |\.$|\bdeployment\//.test(`${message}|${command}`)),
  ).toEqual([]);
});
