/** The tests that also run on a real K3s, as they stand: what is admitted, and an update on its way with checks in real containers. */
export const SCENARIOS: readonly string[] = [
  "test/apiserver/admission.test.ts",
  "test/apiserver/kinds.test.ts",
  "test/e2e/main.test.ts",
  "test/e2e/rollback.test.ts",
  "test/e2e/gates.test.ts",
];
