import type { SeenPolicies } from "../core/observed.ts";
import type { Client } from "../kube/client.ts";
import { pause } from "../kube/pause.ts";
import { createAsking } from "../runtime/asking.ts";
import { atMost } from "../runtime/at-most.ts";
import type { Log } from "../runtime/log.ts";
import type { PolicyMemory } from "./context.ts";
import { provePolicies, readTexts, unreadable } from "./gate.ts";
import { createGateMemory } from "./gate-memory.ts";

export interface GateWatch extends PolicyMemory {
  /** Called when what is known of the policies changed in a namespace. */
  readonly subscribe: (subscriber: (namespace: string) => void) => void;
  /** Looks every few seconds whether the policies changed, and proves them anew when they did. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Policies that are gone must stop gated tiers within ten seconds, also while nothing else happens. */
const LOOK_MS = 5_000;
const PROVEN_AT_ONCE = 4;

/** At rest only lists are sent; the dry-run forgery is tried again where something changed or was not proven. */
export function createGateWatch(options: {
  readonly client: Client;
  readonly log: Log;
  /** Whether anything of ours is in a namespace; where nothing is, nothing is proven. */
  readonly inUse: (namespace: string) => boolean;
  readonly stop: AbortSignal;
}): GateWatch {
  const { client, log, inUse, stop } = options;
  const memory = createGateMemory();
  const subscribers = new Set<(namespace: string) => void>();
  const told = new Map<string, string>();
  const asking = createAsking<SeenPolicies>({ isSilence: () => false, quietMs: 0, now: Date.now, stop });
  let asked = 0;

  const tell = (namespace: string): void => {
    const known = memory.known(namespace);
    const text = JSON.stringify(known);
    if (known.state === "NotAsked" || told.get(namespace) === text) return;
    told.set(namespace, text);
    log.info(
      { namespace, policies: known.state, ...("message" in known && { why: known.message }) },
      "The admission policies were read.",
    );
    for (const subscriber of subscribers) subscriber(namespace);
  };

  const look = async (namespace: string, signal: AbortSignal): Promise<SeenPolicies> => {
    const turn = (asked += 1);
    try {
      const texts = await readTexts(client, signal);
      memory.learnTexts(turn, texts);
      memory.learnProof(
        turn,
        namespace,
        texts.state === "AsWritten" ? await provePolicies(client, namespace, texts, signal) : texts,
      );
    } catch (error) {
      signal.throwIfAborted();
      memory.learnProof(turn, namespace, unreadable(error));
    }
    tell(namespace);
    return memory.known(namespace);
  };
  const read = (namespace: string, signal: AbortSignal): Promise<SeenPolicies> =>
    asking.ask(namespace, (alive) => look(namespace, alive), signal);

  const lookAtAll = async (signal: AbortSignal): Promise<void> => {
    const turn = (asked += 1);
    const texts = await readTexts(client, signal);
    memory.learnTexts(turn, texts);
    for (const namespace of memory.namespaces()) {
      if (inUse(namespace)) continue;
      memory.forget(namespace);
      told.delete(namespace);
    }
    memory.namespaces().forEach(tell);
    if (texts.state !== "AsWritten") return;
    const unproven = memory.namespaces().filter((namespace) => memory.known(namespace).state !== "InForce");
    await atMost(PROVEN_AT_ONCE, unproven, (namespace) => read(namespace, signal));
  };

  return {
    known: memory.known,
    subscribe: (subscriber) => void subscribers.add(subscriber),
    read,
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          await lookAtAll(signal);
        } catch (error) {
          if (!signal.aborted) log.warn({ err: error }, "The admission policies could not be read; trying again.");
        }
        await pause(LOOK_MS, signal).catch(() => undefined);
      }
    },
  };
}
