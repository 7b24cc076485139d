import type { SeenPolicies } from "../core/observed.ts";
import type { Client } from "../kube/client.ts";
import { pause } from "../kube/pause.ts";
import type { Log } from "../runtime/log.ts";
import type { PolicyMemory } from "./context.ts";
import { policyVersions, readPolicies } from "./gate.ts";

export interface GateWatch extends PolicyMemory {
  /** Looks every few seconds whether the policies changed, and reads them anew when they did. Never rejects. */
  readonly run: (namespace: string, signal: AbortSignal) => Promise<void>;
}

/** Policies that are gone must stop gated tiers within ten seconds, also while nothing else happens. */
const LOOK_MS = 5_000;

/** At rest only lists are sent; the dry-run forgery is tried again when something changed or was not proven. */
export function createGateWatch(client: Client, log: Log, onChange: () => void): GateWatch {
  let known: SeenPolicies = { state: "NotAsked" };
  let versions: string | undefined;

  const read = async (namespace: string, signal: AbortSignal): Promise<SeenPolicies> => {
    const before = JSON.stringify(known);
    known = await readPolicies(client, namespace, signal);
    if (JSON.stringify(known) !== before) {
      log.info({ policies: known.state, ...("message" in known && { why: known.message }) }, "The admission policies were read.");
      onChange();
    }
    return known;
  };

  return {
    known: () => known,
    read,
    run: async (namespace, signal) => {
      while (!signal.aborted) {
        try {
          const now = await policyVersions(client, signal);
          if (now !== versions || known.state !== "InForce") await read(namespace, signal);
          versions = now;
        } catch (error) {
          if (!signal.aborted) log.warn({ err: error }, "The admission policies could not be read; trying again.");
        }
        await pause(LOOK_MS, signal).catch(() => undefined);
      }
    },
  };
}
