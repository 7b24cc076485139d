import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FAILURE_REASONS, LICENCE_REASONS, REFUSAL_REASONS } from "../../../src/api/order.ts";
import { PHASES } from "../../../src/api/states.ts";
import { readCatalogue } from "./catalogue.ts";
import { collect, collectLog, type Collected } from "./collect.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const ROOMS = ["api", "core", "controllers", "runtime", "delivery", "dial", "licence", "agent"];
const CATALOGUE = readCatalogue(ROOT);
const COLLECTED = collect(
  ROOT,
  ROOMS.map((room) => `src/${room}`),
);
const DECLARED: readonly string[] = [...PHASES, ...FAILURE_REASONS, ...LICENCE_REASONS, ...REFUSAL_REASONS];

/** Words that look like codes of ours and are told to nobody, each with why. */
const UNTOLD: Readonly<Record<string, string>> = {
  Failed: "is the state of an order or an object, and people read the reason beside it",
  SignatureInvalid: "becomes Unauthorized of an order and LicenceSignatureInvalid of a licence",
};
/** Sentences that are told to nobody, by how they begin after what is filled in. */
const UNSAID: readonly string[] = [
  // A rollback that is done, or under way, is no question any more; who asks again is told nothing new.
  "is rolled back already:",
  // Who is verified was asked before the judgement on it.
  "its agent was not asked",
  // Whoever is overtaken on the way says what the newer one wrote.
  "Something newer was begun there",
];

const known = new Set(CATALOGUE.flatMap(({ codes }) => codes.flat()));
const spoken = ({ parts }: Collected): readonly string[] =>
  parts.map((part) => part.trim()).filter((part) => /[a-z]{2}/i.test(part));

/** Whether the parts stand in the text in their order. */
function holds(text: string, parts: readonly string[]): boolean {
  let at = 0;
  return parts.every((part) => {
    const found = text.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
}

test("every code that the source can write is in the catalogue", () => {
  expect(COLLECTED.length).toBeGreaterThan(200);
  const missing = COLLECTED.filter(({ code }) => code !== undefined && !known.has(code) && UNTOLD[code] === undefined);
  expect(missing.map(({ code, where }) => `${where} writes ${code ?? ""}`)).toEqual([]);
  expect(DECLARED.filter((code) => !known.has(code))).toEqual([]);
});

test("every code of the catalogue is one that the source can write", () => {
  const written = new Set([...DECLARED, ...COLLECTED.map(({ code }) => code)]);
  expect(
    CATALOGUE.flatMap(({ codes, where }) =>
      codes.flat().flatMap((code) => (written.has(code) ? [] : [`${where}: ${code}`])),
    ),
  ).toEqual([]);
  const untold = Object.keys(UNTOLD);
  expect(untold.filter((code) => known.has(code) || !written.has(code))).toEqual([]);
});

test("every sentence that the source can say is in the catalogue, under its code", () => {
  const missing = COLLECTED.filter((one) => {
    const parts = spoken(one);
    if (parts.length === 0 || UNSAID.some((words) => parts[0]?.startsWith(words))) return false;
    return !CATALOGUE.some(
      ({ codes, pattern }) => (one.code === undefined || codes.flat().includes(one.code)) && holds(pattern, parts),
    );
  });
  expect(missing.map(({ where, code = "", parts }) => `${where} says ${code} "${parts.join("<...>")}"`)).toEqual([]);
});

test("every line that the operator logs as a warning or an error is explained", () => {
  const text = readFileSync(`${ROOT}docs/troubleshooting.md`, "utf8");
  const lines = collectLog(ROOT, ["src/controllers", "src/runtime"]);
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter(([line]) => !text.includes(`| \`${line}\` |`))).toEqual([]);
});
