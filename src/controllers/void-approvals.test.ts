import { expect, test } from "vitest";
import { voidApprovalsOf, voidLines } from "./void-approvals.ts";
import type { Raw } from "./kinds.ts";

const [OLD, NEW] = ["1".repeat(16), "2".repeat(16)];
const approval = (who: string, token: string, slot = "") => ({
  [`approve.ashat.raos.io/omega${slot}`]: `${token} looks good`,
  [`by.ashat.raos.io/approve.omega${slot}`]: who,
});
const update = (annotations: Readonly<Record<string, string>>, status: object = {}): Raw =>
  ({
    metadata: { namespace: "raos", name: "patch-1", uid: "u", annotations },
    spec: {},
    status: {
      tier: "omega",
      blockedBy: [{ gate: "approvals", message: "", who: "", token: NEW }],
      voided: [{ token: OLD, by: "policies" }],
      ...status,
    },
  }) as unknown as Raw;

test("an approval that was given before the policies changed is named with who gave it", () => {
  const found = voidApprovalsOf(update({ ...approval("ann", OLD), ...approval("ben", OLD, ".2") }));
  expect(found).toEqual({ update: "raos/patch-1", tier: "omega", people: ["ann", "ben"], because: "policies" });
  expect(voidLines(found === undefined ? [] : [found])).toEqual([
    "raos/patch-1 waits for omega to be approved again: the approval of ann and ben does not count any more, because policies changed",
  ]);
});

test.each([
  ["nobody has approved yet", update({})],
  ["the approval that is missing is another one's", update(approval("ann", NEW))],
  ["what was named never was a token of it", update(approval("ann", "3".repeat(16)))],
  ["it is under way", update(approval("ann", OLD), { blockedBy: [] })],
  ["the approval was of the tier before", update(approval("ann", OLD), { tier: "mainframes" })],
  ["no operator has looked at it", { ...update(approval("ann", OLD)), status: undefined }],
])("nothing has to be repeated where %s", (_, raw) => {
  expect(voidApprovalsOf(raw)).toBeUndefined();
});

test("of a hundred the first ones are named, and how to see the others", () => {
  const one = { update: "raos/a", tier: "omega", people: ["ann"], because: "policies" };
  const lines = voidLines(Array.from({ length: 100 }, () => one));
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toMatch(/^and 80 more: kubectl get adep/);
});
