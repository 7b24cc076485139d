import type { Server } from "../api/server.ts";
import type { Shut } from "./decision.ts";
import type { SeenTarget } from "./observed.ts";
import { inAnEmergency, overrideCommand, type Overriding, overridesOf } from "./overrides.ts";
import { timeOf } from "./record.ts";
import type { Situation } from "./situation.ts";
import { soakGate } from "./soak.ts";
import { isServer } from "./tiers.ts";
import { openingOf } from "./windows.ts";

/** What time keeps shut in a tier, and who opened it before its time. */
export interface TimeGates {
  readonly overrides: readonly Overriding[];
  readonly shutFor: (seen: SeenTarget) => readonly Shut[];
}

/** Asked once for a tier: a fleet shares the windows of its Omega server and the soak of the tier before. */
export function timeGatesOf(situation: Situation): TimeGates {
  const soak = soakGate(situation);
  const servers = situation.observed.targets.flatMap(({ target }) => (isServer(target) ? [target] : []));
  const windows = new Map(servers.map((server) => [server.metadata.name, windowGate(situation, server)]));
  return {
    overrides: overridesOf(situation),
    shutFor: ({ target }) => {
      const window = windows.get(isServer(target) ? target.metadata.name : target.spec.omega);
      return [window, soak].flatMap((shut) => (shut === undefined ? [] : [shut]));
    },
  };
}

function windowGate(situation: Situation, { metadata, spec }: Server): Shut | undefined {
  const opening = openingOf(spec.windows, situation.now);
  if (opening.state === "Open") return undefined;
  if (opening.state === "UnknownZone")
    return {
      gate: "window",
      message: `server ${metadata.name} has a window in time zone ${opening.timeZone}, which nobody knows: it stays shut`,
      who: "who administers the namespace: correct spec.windows of the server",
      ...overrideCommand(situation),
    };
  const { opensAt } = opening;
  return {
    gate: "window",
    message: `server ${metadata.name} takes deliveries in its windows only${opensAt === undefined ? ", and none is near" : `; the next one opens ${timeOf(opensAt)}`}`,
    who: `${opensAt === undefined ? "who administers the namespace: give the server a window that comes" : "nobody, it opens by itself"}; ${inAnEmergency(situation)}`,
    ...overrideCommand(situation),
    ...(opensAt !== undefined && { clearsAt: timeOf(opensAt) }),
  };
}
