import { setTimeout as wait } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { AgentHealth } from "../api/order.ts";
import { exchange } from "../dial/exchange.ts";

const MAX_BYTES = 256 * 1024;
const PROBE_MS = 5_000;
const INTERVAL_MS = 250;

export interface HealthProbe {
  /** Asks once, now. */
  readonly once: (signal: AbortSignal) => Promise<AgentHealth>;
  /** Asks until it is well, or until the deadline; the last answer says why not. */
  readonly until: (deadlineMs: number, signal: AbortSignal) => Promise<AgentHealth>;
}

/** Well means: the health URL answers 2xx over a connection that is trusted. */
export const healthProbe = (dispatcher: Dispatcher, url: string, now: () => Date): HealthProbe => {
  const once = async (signal: AbortSignal): Promise<AgentHealth> => {
    const came = await exchange(dispatcher, { url, method: "GET", maxBytes: MAX_BYTES, deadlineMs: PROBE_MS, signal });
    signal.throwIfAborted();
    const at = now().toISOString();
    if (came.state !== "Answered") return { ok: false, message: came.message.slice(0, 1024), at };
    return {
      ok: came.status >= 200 && came.status < 300,
      message: `${url} answered HTTP ${came.status}.`.slice(0, 1024),
      at,
    };
  };
  const until = async (deadlineMs: number, signal: AbortSignal): Promise<AgentHealth> => {
    const deadline = AbortSignal.timeout(deadlineMs);
    for (;;) {
      const health = await once(signal);
      if (health.ok || deadline.aborted) return health;
      await wait(INTERVAL_MS, undefined, { signal });
    }
  };
  return { once, until };
};
