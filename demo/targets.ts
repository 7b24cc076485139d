import type { Ca } from "../test/cluster/pki.ts";
import type { Keys } from "../test/world/keys.ts";
import { licenceFor, mainframe, server } from "../test/world/manifests.ts";
import { startTarget, type TargetProcesses } from "../test/world/target.ts";
import { ALL_SIX, HEALTH } from "./checks.ts";
import type { Place } from "./scene.ts";
import type { Scenario } from "./scenario.ts";

interface Plan {
  readonly title: string;
  readonly tier: Place["tier"];
  readonly wave?: number;
}

/** ALPHA, Public, OMEGA and three licensed installations in two waves. Kubernetes names are lower case, people's need not be. */
const PLANS = {
  alpha: { title: "ALPHA", tier: "ALPHA" },
  "public-staging": { title: "PublicStaging", tier: "Public" },
  "omega-production": { title: "OmegaProduction", tier: "OMEGA" },
  "cust-101": { title: "mainframe 101", tier: "mainframe", wave: 1 },
  "cust-207": { title: "mainframe 207", tier: "mainframe", wave: 2 },
  "cust-417": { title: "mainframe 417", tier: "mainframe", wave: 2 },
} as const satisfies Readonly<Record<string, Plan>>;
export type PlaceName = keyof typeof PLANS;
export const PLACES = Object.keys(PLANS) as readonly PlaceName[];

export interface Target extends Plan {
  readonly name: PlaceName;
  readonly at: TargetProcesses;
  readonly licence?: string;
}

export interface TargetsGround {
  readonly dir: string;
  readonly ca: Ca;
  readonly keys: Keys;
  readonly databaseUrl: string;
}

/** Which versions a holder has paid for, where the scenario says nothing else. */
const LICENSED = ">=9 <10";

/** Starts every target that takes part: two processes each, the server and the agent that updates it. */
export const startTargets = (
  { dir, ca, keys, databaseUrl }: TargetsGround,
  namespace: string,
  { places, licences = {} }: Scenario,
): Promise<readonly Target[]> =>
  Promise.all(
    places.map(async (name): Promise<Target> => {
      const plan = PLANS[name];
      const licensed = plan.tier === "mainframe";
      const at = await startTarget({ namespace, name, dir, ca, keys, licensed, databaseUrl });
      if (!licensed) return { ...plan, name, at };
      const versions = licences[name] ?? LICENSED;
      return { ...plan, name, at, licence: await licenceFor(keys, namespace, name, { versions }) };
    }),
  );

/** The Servers and Mainframes as whoever administers the namespace applies them. */
export const manifests = (
  namespace: string,
  targets: readonly Target[],
  { thorough = false, specs = {} }: Scenario,
): readonly object[] =>
  targets.map(({ name, at, tier, licence, wave }) => {
    const checks = thorough ? ALL_SIX : HEALTH;
    const extra = specs[name] ?? {};
    switch (tier) {
      case "ALPHA":
        return server(namespace, "Alpha", at, { checks: HEALTH, ...extra });
      case "Public":
        return server(namespace, "Public", at, { checks, ...extra });
      case "OMEGA":
        return server(namespace, "Omega", at, { checks, approval: { required: 2, author: "Deny" }, ...extra });
      case "mainframe":
        return mainframe(namespace, "omega-production", at, licence, { wave, ...extra });
      default:
        return tier;
    }
  });

export const placeOf = ({ name, title, tier, at }: Target): Place => ({
  name,
  title,
  tier,
  url: at.url,
  root: at.root,
  adminPort: at.adminPort,
});
