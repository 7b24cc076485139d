import type { World } from "./world.ts";

export interface Sample {
  /** From the moment the request should have started, so that a stalled server is charged for everyone who had to wait. */
  readonly latencyMs: number;
  /** How late the runner itself was in starting it. */
  readonly lagMs: number;
  readonly ok: boolean;
  readonly why: string;
}

/**
 * Open-loop load: request `i` starts at `i / rate`, answered or not before. A closed loop would ask less while the server
 * stalls and so hide the stall (coordinated omission). Ends when every request has ended, or early when stopped.
 */
export const openLoop = async (
  plan: { readonly perSecond: number; readonly count: number },
  fire: () => Promise<{ readonly ok: boolean; readonly why: string }>,
  world: Pick<World, "monotonic" | "pause" | "signal">,
): Promise<readonly Sample[]> => {
  const begin = world.monotonic();
  const running: Promise<Sample>[] = [];
  for (let index = 0; index < plan.count && !world.signal.aborted; index += 1) {
    const intended = begin + (index * 1000) / plan.perSecond;
    const wait = intended - world.monotonic();
    if (wait > 0) await world.pause(wait);
    const started = world.monotonic();
    const lagMs = Math.max(0, started - intended);
    // Timers may wake a little early, and a request cannot be charged from after its start.
    const from = Math.min(started, intended);
    running.push(fire().then(({ ok, why }) => ({ latencyMs: world.monotonic() - from, lagMs, ok, why })));
  }
  return Promise.all(running);
};
