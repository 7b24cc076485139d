import type { Ca } from "../test/cluster/pki.ts";
import type { Keys } from "../test/world/keys.ts";
import { licenceFor, mainframe, server } from "../test/world/manifests.ts";
import { startTarget, type TargetProcesses } from "../test/world/target.ts";
import { NAMESPACE, type Place } from "./scene.ts";

interface Plan {
  readonly name: string;
  readonly title: string;
  readonly tier: Place["tier"];
  readonly wave?: number;
}

/** ALPHA, Public, OMEGA and three licensed installations in two waves. Kubernetes names are lower case, people's need not be. */
const PLANS: readonly Plan[] = [
  { name: "alpha", title: "ALPHA", tier: "ALPHA" },
  { name: "public-staging", title: "PublicStaging", tier: "Public" },
  { name: "omega-production", title: "OmegaProduction", tier: "OMEGA" },
  { name: "cust-101", title: "mainframe 101", tier: "mainframe", wave: 1 },
  { name: "cust-207", title: "mainframe 207", tier: "mainframe", wave: 2 },
  { name: "cust-417", title: "mainframe 417", tier: "mainframe", wave: 2 },
];

export interface Target extends Plan {
  readonly at: TargetProcesses;
  readonly licence?: string;
}

/** Starts every target: two processes each, the server and the agent that updates it. */
export const startTargets = (dir: string, ca: Ca, keys: Keys, databaseUrl: string): Promise<readonly Target[]> =>
  Promise.all(
    PLANS.map(async (plan): Promise<Target> => {
      const licensed = plan.tier === "mainframe";
      const at = await startTarget({ namespace: NAMESPACE, name: plan.name, dir, ca, keys, licensed, databaseUrl });
      return {
        ...plan,
        at,
        ...(licensed && { licence: await licenceFor(keys, NAMESPACE, plan.name, { versions: ">=9 <10" }) }),
      };
    }),
  );

export const DATABASE_SECRET = "raos-db";

const HEALTH = {
  health: { path: "/healthz", json: [{ pointer: "/status", equals: "ok" }] },
  modules: { path: "/api/modules" },
} as const;

/** Staging and production are checked in all six ways; the load is short, because this is a demo. */
const ALL_SIX = {
  ...HEALTH,
  api: {
    requests: [
      {
        name: "greeting",
        path: "/api/greeting",
        expect: { headers: [{ name: "x-content-type-options", value: "nosniff" }] },
      },
      { name: "items", path: "/api/items", expect: { json: [{ pointer: "/items/0/name", equals: "Licence" }] } },
    ],
  },
  database: { secretRef: { name: DATABASE_SECRET }, query: "SELECT count(*) FROM items" },
  performance: { path: "/api/greeting", requestsPerSecond: 20, seconds: 3 },
  security: { requireHeaders: ["strict-transport-security", "x-content-type-options", "content-security-policy"] },
} as const;

/** The Servers and Mainframes as whoever administers the namespace applies them. */
export const manifests = (targets: readonly Target[]): readonly object[] => targets.map(manifest);

function manifest({ at, tier, licence, wave }: Target): object {
  switch (tier) {
    case "ALPHA":
      return server(NAMESPACE, "Alpha", at, { checks: HEALTH });
    case "Public":
      return server(NAMESPACE, "Public", at, { checks: ALL_SIX });
    case "OMEGA":
      return server(NAMESPACE, "Omega", at, { checks: ALL_SIX, approval: { required: 2, author: "Deny" } });
    case "mainframe":
      return mainframe(NAMESPACE, "omega-production", at, licence, { wave });
    default:
      return tier;
  }
}

export const placeOf = ({ name, title, tier, at }: Target): Place => ({ name, title, tier, url: at.url });
