import { expect, test } from "vitest";
import { explore } from "./explore.ts";
import { SCENARIOS } from "./scenarios.ts";

/** A part of what `npm run model` explores: some states of every world, near and far, and from each of them the way to the end. */
const STATES = process.env["CI"] === undefined ? 150 : 1_200;
const SECONDS = 60;

test.for(SCENARIOS)("in many states of $name the rules hold, and from each it comes to rest", (scenario) => {
  const found = explore(scenario, { states: STATES, seconds: SECONDS, seed: 20300101 }, () => performance.now());
  expect(found.broken).toBeUndefined();
  expect(found.states).toBeGreaterThanOrEqual(STATES);
  expect(found.followed).toBe(found.states);
});
