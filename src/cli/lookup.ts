import type { Tier } from "../api/group.ts";
import {
  MAINFRAMES,
  type MainframeObject,
  SERVERS,
  type ServerObject,
  type Target,
  type Update,
  UPDATES,
} from "./kinds.ts";
import { idOf, isKubeName, kubeName, LONGEST_UPDATE } from "./names.ts";
import { nearest } from "./nearest.ts";
import { No } from "./no.ts";
import type { Session } from "./session.ts";

/** The update with this id, as it is now; under a name that nobody pushed, the one that may be meant is named. */
export async function updateCalled(session: Session, typed: string): Promise<Update> {
  const found = await findUpdate(session, typed);
  if (found !== undefined) return found;
  const { client, namespace, deploy } = session;
  const all = (await client.list(UPDATES, { namespace })).items;
  const [one, ...more] = nearest(typed, all.map(idOf));
  throw new No(
    one === undefined
      ? `There is no update ${typed} in namespace ${namespace}: it was never pushed, or it was deleted.`
      : `There is no update ${typed} in namespace ${namespace}: it was never pushed, or it was deleted. Did you mean ${[one, ...more].join(", or ")}?`,
    {
      next:
        all.length === 0 ? [deploy(`push ${typed} '<description>'`)] : [deploy("status"), deploy(`history ${typed}`)],
    },
  );
}

/** By its name, or as it was typed when it was pushed. */
export async function findUpdate({ client, namespace }: Session, typed: string): Promise<Update | undefined> {
  const exact = isKubeName(typed) ? await client.find(UPDATES, { namespace, name: typed }) : undefined;
  return exact ?? client.find(UPDATES, { namespace, name: kubeName(typed, LONGEST_UPDATE) });
}

export interface Fleet {
  readonly servers: readonly ServerObject[];
  readonly mainframes: readonly MainframeObject[];
}

export async function fleetOf({ client, namespace }: Session): Promise<Fleet> {
  const [servers, mainframes] = await Promise.all([
    client.list(SERVERS, { namespace }),
    client.list(MAINFRAMES, { namespace }),
  ]);
  return { servers: servers.items, mainframes: mainframes.items };
}

export const tierOf = ({ spec }: ServerObject): Tier => spec.tier.toLowerCase() as Lowercase<typeof spec.tier>;

export const ofTier = ({ servers }: Pick<Fleet, "servers">, tier: Tier): readonly ServerObject[] =>
  servers.filter((server) => tierOf(server) === tier);

/** Servers, or mainframes: all that takes part in a tier. */
export const targetsOf = (fleet: Fleet, tier: Tier): readonly Target[] =>
  tier === "mainframes" ? fleet.mainframes : ofTier(fleet, tier);
