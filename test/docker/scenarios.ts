/**
 * The tests that also run on a real K3s, as they stand: what is admitted, and updates on their way with checks in real containers. One group
 * after the other, because an operator would judge what the first ones write.
 */
export const SCENARIOS: readonly (readonly string[])[] = [
  ["test/apiserver/admission.test.ts", "test/apiserver/kinds.test.ts"],
  [
    "test/e2e/main.test.ts",
    "test/e2e/actions.test.ts",
    "test/e2e/checks.test.ts",
    "test/e2e/drift.test.ts",
    "test/e2e/gates.test.ts",
    "test/e2e/licences.test.ts",
    "test/e2e/order.test.ts",
    "test/e2e/rollback.test.ts",
    "test/e2e/targets.test.ts",
  ],
];
