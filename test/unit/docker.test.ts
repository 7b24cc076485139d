import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { SCENARIOS } from "../docker/scenarios.ts";

test("every test that is run on K3s is there", () => {
  expect(SCENARIOS.flat().filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
});
