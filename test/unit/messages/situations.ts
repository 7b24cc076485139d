import { BACK } from "./back.ts";
import { FORWARD } from "./forward.ts";
import { IN_VAIN } from "./in-vain.ts";
import { SIGNED } from "./signed.ts";
import { TARGETS } from "./targets.ts";
import type { Telling, Told } from "./told.ts";
import { VERIFIED } from "./verified.ts";
import { COMMITS } from "./commits.ts";
import { ARCHIVES } from "./archives.ts";
import { ARTIFACTS } from "./artifacts.ts";
import { CLUSTERS } from "./clusters.ts";
import { DELIVERIES } from "./deliveries.ts";
import { PLACES } from "./places.ts";
import { PULL_REQUESTS } from "./pull-requests.ts";
import { REPOSITORIES } from "./repositories.ts";
import { WAITED } from "./waits.ts";
import { WAITING } from "./waiting.ts";

const SCENES: Readonly<Record<string, () => Telling>> = { ...FORWARD, ...VERIFIED, ...WAITING, ...IN_VAIN, ...BACK };

type Situation = () => readonly Told[] | Promise<readonly Told[]>;

/** Every situation by its name, with all that is said in it. */
export const SITUATIONS: ReadonlyMap<string, Situation> = new Map<string, Situation>([
  ...Object.entries(SCENES).map(([name, play]): [string, Situation] => [name, () => play().told]),
  ...Object.entries(TARGETS),
  ...Object.entries(SIGNED),
  ...Object.entries(WAITED),
  ...Object.entries(CLUSTERS),
  ...Object.entries(DELIVERIES),
  ...Object.entries(ARCHIVES),
  ...Object.entries(ARTIFACTS),
  ...Object.entries(PULL_REQUESTS),
  ...Object.entries(PLACES),
  ...Object.entries(REPOSITORIES),
  ...Object.entries(COMMITS),
]);

/** The gates of every scene, with who opens them and how. */
export const waysOf = (): readonly Telling["ways"][number][] => Object.values(SCENES).flatMap((play) => play().ways);
