import { describe, expect, it } from "vitest";
import { actionKey, actionsOf, stampKey } from "./actions.ts";
import { TIERS, VERBS } from "./group.ts";

describe("the actions on an update", () => {
  it("are read with slot, token, reason and who did it, ordered by verb, tier and slot", () => {
    expect(
      actionsOf({
        "approve.ashat.raos.io/omega.2": "0123456789abcdef   looks  good ",
        "by.ashat.raos.io/approve.omega.2": "bob",
        "approve.ashat.raos.io/omega": "0123456789abcdef",
        "by.ashat.raos.io/approve.omega": "alice",
        "verify.ashat.raos.io/alpha": "feedfeedfeedfeed again",
        "by.ashat.raos.io/author": "author",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
      }),
    ).toEqual([
      { verb: "approve", tier: "omega", slot: "", token: "0123456789abcdef", reason: "", by: "alice" },
      { verb: "approve", tier: "omega", slot: "2", token: "0123456789abcdef", reason: "looks good", by: "bob" },
      { verb: "verify", tier: "alpha", slot: "", token: "feedfeedfeedfeed", reason: "again" },
    ]);
  });

  it.each([
    "aprove.ashat.raos.io/omega",
    "Approve.ashat.raos.io/omega",
    "approve.ashat.raos.io/production",
    "approve.ashat.raos.io/",
    "approve.ashat.raos.io",
    "approve.now.ashat.raos.io/omega",
    "approve.example.com/omega",
    "by.ashat.raos.io/approve.omega",
    "ashat.raos.io/omega",
  ])("are not: %s", (key) => {
    expect(actionsOf({ [key]: "0123456789abcdef", "by.ashat.raos.io/approve.omega": "alice" })).toEqual([]);
  });

  it("lack their token where nothing is written, and then name none", () => {
    expect(actionsOf({ "approve.ashat.raos.io/omega": "  " })).toEqual([
      { verb: "approve", tier: "omega", slot: "", token: "", reason: "" },
    ]);
  });

  it("take the stamp of no other slot, tier or verb", () => {
    const stamps = {
      "by.ashat.raos.io/approve.omega.2": "bob",
      "by.ashat.raos.io/approve.public": "bob",
      "by.ashat.raos.io/cancel.omega": "bob",
    };
    expect(actionsOf({ "approve.ashat.raos.io/omega": "t", ...stamps })[0]).not.toHaveProperty("by");
  });

  it("come back from every key that is written for them, and no two share a key or a stamp", () => {
    const all = VERBS.flatMap((verb) =>
      TIERS.flatMap((tier) => ["", "2", "omega"].map((slot) => ({ verb, tier, slot }))),
    );
    const annotations = Object.fromEntries(
      all.flatMap(({ verb, tier, slot }) => [
        [actionKey(verb, tier, slot), `${verb}-${tier}-${slot}`],
        [stampKey(verb, tier, slot), `by ${verb}-${tier}-${slot}`],
      ]),
    );
    const read = actionsOf(annotations);
    expect(read).toHaveLength(all.length);
    for (const { verb, tier, slot, token, by } of read)
      expect([token, by]).toEqual([`${verb}-${tier}-${slot}`, `by ${token}`]);
  });
});
