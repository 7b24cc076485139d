import { setTimeout as pause } from "node:timers/promises";
import { until } from "../cluster/until.ts";
import { endOf, type End } from "./end.ts";
import type { Hall } from "./hall.ts";
import { watchInvariants } from "./invariants.ts";
import { type Life, startLife } from "./life.ts";
import { startFrozen } from "./frozen.ts";
import type { Plan } from "./plan.ts";
import { openRoom } from "./room.ts";
import { createScript, type Script } from "./script.ts";
import type { Workload } from "./workloads.ts";

/** One run of a workload, as the oracles look at it. */
export interface Run {
  readonly script: Script;
  readonly end: End | undefined;
  /** Why there is no end. */
  readonly trouble?: string;
  readonly broken: readonly string[];
  readonly created: ReadonlyMap<string, number>;
  /** What was still written when all was over. */
  readonly restless?: string;
  /** Operators that ended although nobody ended them. */
  readonly stray: readonly string[];
  readonly lives: number;
  readonly tookMs: number;
  readonly log: readonly string[];
}

/** Longer than any deadline, backoff or lease that one fault can cost: where nothing is written for so long nothing will be. */
const STUCK_MS = 75_000;
/** On any machine. */
const BOUND_MS = 300_000;
const SILENT_MS = 1_500;
const KEPT_LINES = 400;

export async function runPlan(hall: Hall, workload: Workload, plan?: Plan): Promise<Run> {
  const script = createScript(plan);
  const invariants = watchInvariants({ leaders: plan?.fault === "two-leaders" ? 2 : 1 });
  const over = new AbortController();
  const bound = setInterval(() => {
    if (script.at() > BOUND_MS) over.abort(new Error(`it was not over after ${BOUND_MS / 1000} s`));
    if (script.at() - script.lastWriteAt() > STUCK_MS)
      over.abort(new Error(`nothing was written for ${STUCK_MS / 1000} s, and it is not at its end`));
  }, 1_000);
  const log: string[] = [];
  const stray: string[] = [];
  let life = 0;
  let crash = Promise.withResolvers<void>();
  const die = (): void => {
    room.shut(true);
    proxied.end(life);
    crash.resolve();
  };
  const room = await openRoom(
    hall,
    workload.name,
    () => script,
    { order: invariants.ordered, die: () => die(), life: () => life },
    over.signal,
  );
  const proxied = hall.proxy.open({
    namespace: room.namespace,
    script,
    die: () => die(),
    written: invariants.written,
    freeze: () => frozen?.freeze(),
    leaseOfItsOwn: plan?.fault === "two-leaders",
  });
  const born = (number: number): Life =>
    startLife({
      server: proxied.urlOf(number),
      caPem: hall.proxy.caPem,
      token: hall.token,
      keys: hall.world.keys,
      image: hall.image,
      say: (line) => {
        if (log.length < KEPT_LINES) log.push(`${script.at()} life ${number}: ${line}`);
      },
    });

  /** Lives one after the other until the run is over; a life that ends is followed by the next one. */
  const keepAlive = async (): Promise<void> => {
    while (!over.signal.aborted) {
      crash = Promise.withResolvers<void>();
      const now = born(life);
      const ended = Promise.withResolvers<void>();
      over.signal.addEventListener("abort", () => ended.resolve(), { once: true });
      const why = await Promise.race([now.ended.then((error) => error ?? "stopped"), crash.promise, ended.promise]);
      if (why instanceof Error) stray.push(why.message);
      now.stop();
      await now.ended;
      if (over.signal.aborted) return;
      proxied.end(life);
      // Where it is known to be dead nobody need wait for its lease to run out; a real one is waited for.
      if (plan?.fault !== "failover") await room.forgetLease();
      life += 1;
      room.shut(false);
    }
  };
  /** A process of its own leads first; when it is frozen, another one waits for its lease to run out. */
  const frozen =
    plan?.fault === "paused-leader" ? await startFrozen(hall, room.namespace, proxied.urlOf(0)) : undefined;
  let ledBefore: string | undefined;
  const second = plan?.fault === "two-leaders" ? born(1_000) : undefined;
  const alive = (async (): Promise<void> => {
    if (frozen !== undefined) {
      await Promise.race([frozen.isFrozen, new Promise((resolve) => over.signal.addEventListener("abort", resolve))]);
      ledBefore = await room.leader();
      life = 1;
    }
    await keepAlive();
  })();
  let end: End | undefined;
  let trouble: string | undefined;
  let restless: string | undefined;
  try {
    await workload.drive(room);
    for (let quietSince = script.at(); script.at() - quietSince < SILENT_MS; await pause(100)) {
      over.signal.throwIfAborted();
      if (script.lastWriteAt() > quietSince) quietSince = script.lastWriteAt();
    }
    if (frozen !== undefined) {
      // Where the workload was over before the lease ran out the frozen one still leads, and rightly.
      await until("another operator leads", async () => (await room.leader()) !== ledBefore, {
        timeoutMs: BOUND_MS,
        signal: over.signal,
      });
      const thawedAt = script.at();
      const said = await frozen.thaw();
      const late = script.steps.filter(
        ({ life: of, at, writes, status = 0 }) => of === 0 && at >= thawedAt && writes && status < 300,
      );
      if (said !== undefined) stray.push(said);
      stray.push(...late.map(({ site }) => `it wrote ${site} after it had been frozen and another one led`));
    }
    end = await endOf(room, workload);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `; ${error.cause.message}` : "";
    trouble = `${error instanceof Error ? error.message : String(error)}${cause}`;
    const last = script.steps.slice(-3).map(({ site, status, at }) => `${at} ${site} ${status ?? ""}`);
    if (end === undefined && over.signal.aborted) restless = `its last steps: ${last.join("; ")}`;
    for (const name of workload.updates) {
      const now = await room.status(name).catch(() => undefined);
      trouble += `; ${name} is ${now?.phase ?? "not there"}: ${now?.message ?? ""}`;
    }
  } finally {
    clearInterval(bound);
    over.abort(new Error("the run is over"));
    second?.stop();
    await frozen?.stop();
    await Promise.all([alive, second?.ended]);
    proxied.close();
    await room.close();
  }
  return {
    script,
    end,
    ...(trouble !== undefined && { trouble }),
    broken: invariants.broken(),
    created: invariants.created,
    ...(restless !== undefined && { restless }),
    stray,
    lives: life + 1,
    tookMs: script.at(),
    log,
  };
}
