import { describe, expect, it } from "vitest";
import { judgePolicies, type LivePolicy } from "./policies-live.ts";
import { POLICIES, POLICIES_BEFORE_1_36 } from "./policies.ts";
import type { PolicyObject } from "./policy.ts";

/** As API server 1.36.3 gives a policy back: with its defaults, in an order of its own. */
const asServed = ({ kind, metadata, spec }: PolicyObject, index: number): LivePolicy => {
  const constraints = spec.matchConstraints as { readonly resourceRules: readonly object[] } | undefined;
  const defaults = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };
  const matchConstraints = constraints && {
    ...defaults,
    resourceRules: constraints.resourceRules.map((rule) => ({ ...rule, scope: "*" })),
  };
  return {
    kind,
    metadata: { name: metadata.name, uid: `uid-${index}`, generation: 1 },
    spec: {
      ...(matchConstraints ? { matchConstraints } : {}),
      ...Object.fromEntries(
        Object.entries(spec)
          .toReversed()
          .filter(([key]) => key !== "matchConstraints"),
      ),
    },
  };
};
const served = POLICIES.map(asServed);

describe("live policies", () => {
  it("are as written with nothing but the defaults of the server added, whatever else is there", () => {
    const foreign: LivePolicy = { kind: "ValidatingAdmissionPolicy", metadata: { name: "theirs", uid: "x" }, spec: {} };
    const judged = judgePolicies([foreign, ...served.toReversed()], "ApiServer");
    expect(judged).toMatchObject({
      state: "AsWritten",
      identity: { "ValidatingAdmissionPolicy/ashat-actions": { uid: "uid-2", generation: 1 } },
    });
    expect(Object.keys(judged.state === "AsWritten" ? judged.identity : {})).toHaveLength(POLICIES.length);
  });

  it("need no stamping policy where the API server has none, and name the file for it", () => {
    expect(judgePolicies(POLICIES_BEFORE_1_36.map(asServed), "Client").state).toBe("AsWritten");
    expect(judgePolicies([], "Client")).toMatchObject({
      state: "Missing",
      message: expect.stringContaining("kubectl apply -f manifests/policies-before-1.36.yaml") as string,
    });
    expect(judgePolicies(POLICIES_BEFORE_1_36.map(asServed), "ApiServer")).toMatchObject({
      state: "Missing",
      message: expect.stringContaining("MutatingAdmissionPolicy/ashat-stamps is missing") as string,
    });
  });

  it("have another identity after every change of generation or uid", () => {
    const identities = [
      served,
      served.map((each) => ({ ...each, metadata: { ...each.metadata, generation: 2 } })),
      POLICIES.map((each, index) => asServed(each, index + 1)),
    ].map((live) => JSON.stringify(judgePolicies(live, "ApiServer")));
    expect(new Set(identities).size).toBe(3);
  });

  it("are changed wherever one value of theirs is another, gone or new", () => {
    let places = 0;
    for (const [index, policy] of served.entries()) {
      for (const spec of variants(policy.spec)) {
        places += 1;
        const live = served.with(index, { ...policy, spec });
        expect(judgePolicies(live, "ApiServer").state, JSON.stringify(spec)).toBe("Changed");
      }
    }
    expect(places).toBeGreaterThan(200);
  });
});

/** Every value with one leaf changed, one leaf taken out, or one member added to an object in it. */
function variants(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return [
      ...items.flatMap((item, index) => variants(item).map((changed) => items.with(index, changed))),
      items.slice(1),
      [...items, "more"],
    ];
  }
  if (typeof value !== "object" || value === null) return [`${String(value)} changed`];
  const members = Object.entries(value);
  return [
    { ...value, more: "added" },
    ...members.flatMap(([key, member]) => [
      ...(isEmpty(member) ? [] : [Object.fromEntries(members.filter(([other]) => other !== key))]),
      ...variants(member).map((changed) => ({ ...value, [key]: changed })),
    ]),
  ];
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
