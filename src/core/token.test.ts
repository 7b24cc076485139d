import { expect, test } from "vitest";
import { mainframe, OFF, server, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import { TIERS } from "../api/group.ts";
import { tokenOf } from "./token.ts";

const scene = (): Scene =>
  new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"), mainframe("cust-1"));

test("every tier has a token of its own, even where nothing else tells them apart", () => {
  const empty = new Scene(update("patch")).observed();
  expect(new Set(TIERS.map((tier) => tokenOf(tier, empty).whole)).size).toBe(TIERS.length);
});

test("the evidence of the tier before is in it: another run of the checks, another token", () => {
  const once = scene();
  once.runPassing();
  const twice = scene();
  twice.run();
  twice.verdict("staging", "Inconclusive");
  twice.runPassing();
  expect(twice.token()).not.toBe(once.token());
});

test("what updates and the operator write into the status of a server is not in it", () => {
  const one = scene();
  const before = tokenOf("omega", one.observed()).whole;
  one.targets.set("ra-01", {
    ...one.target("ra-01"),
    status: { apps: [{ app: "default", sequence: 9 }], runs: "default 9.4.1" },
  });
  expect(tokenOf("omega", one.observed()).whole).toBe(before);
});

test("a server of another tier is not in it; one more of this tier is, and one made anew under its name", () => {
  const one = scene();
  const before = tokenOf("omega", one.observed()).whole;
  one.add(server("staging-2", "Public"));
  expect(tokenOf("omega", one.observed()).whole).toBe(before);
  one.add(server("ra-02", "Omega"));
  const two = tokenOf("omega", one.observed()).whole;
  expect(two).not.toBe(before);
  const anew = server("ra-02", "Omega");
  one.targets.set("ra-02", { ...anew, metadata: { ...anew.metadata, uid: "uid-anew" } });
  expect(tokenOf("omega", one.observed()).whole).not.toBe(two);
});

test("policies that are not in force make another token", () => {
  const one = scene();
  const before = tokenOf("omega", one.observed());
  one.policies = OFF;
  expect(tokenOf("omega", one.observed()).parts.policies).not.toBe(before.parts.policies);
});
