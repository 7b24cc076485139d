/**
 * Tests that take minutes and say more of what shorter ones say already: they run in CI, and where they are asked for by path
 * (`npm test -- test/e2e/canary.test.ts`). Without them a developer waits five minutes instead of twenty.
 */
export const LONG: readonly string[] = [
  "test/apiserver/attacks-1.34.test.ts",
  "test/apiserver/chart-1.34.test.ts",
  "test/apiserver/chart.test.ts",
  "test/apiserver/delivery-flux.test.ts",
  "test/apiserver/install-page.test.ts",
  "test/e2e/argocd-source.test.ts",
  "test/e2e/argocd.test.ts",
  "test/e2e/budget.test.ts",
  "test/e2e/bundled.test.ts",
  "test/e2e/canary.test.ts",
  "test/e2e/cluster-delivery.test.ts",
  "test/e2e/demo.test.ts",
  "test/e2e/deploy.test.ts",
  "test/e2e/drift.test.ts",
  "test/e2e/flux-manifests.test.ts",
  "test/e2e/flux-waiting.test.ts",
  "test/e2e/flux.test.ts",
  "test/e2e/forgeries-evidence.test.ts",
  "test/e2e/forgeries-policies.test.ts",
  "test/e2e/forgeries-worlds.test.ts",
  "test/e2e/git-delivery.test.ts",
  "test/e2e/gitops-page.test.ts",
  "test/e2e/layers.test.ts",
  "test/e2e/metrics.test.ts",
  "test/e2e/notifications.test.ts",
  "test/e2e/private-artifacts.test.ts",
  "test/e2e/real-node/killed.test.ts",
  "test/e2e/real-node/main.test.ts",
  "test/e2e/real-node/node.test.ts",
  "test/e2e/silent-servers.test.ts",
];

export const runsLong = (env: Readonly<Record<string, string | undefined>>): boolean =>
  (env["CI"] ?? env["ASHAT_LONG"] ?? "") !== "";
