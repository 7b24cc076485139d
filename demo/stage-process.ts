import { fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { FromStage, ToStage } from "./messages.ts";
import { noteKept, there } from "./places.ts";
import type { Scene } from "./scene.ts";
import type { ScenarioName } from "./scenarios.ts";

/** The stage as the player sees it. */
export interface Stage {
  readonly ready: Promise<Scene>;
  /** Sets the stage for another scenario, on the same control plane; what the one before had is gone then. */
  readonly next: (scenario: ScenarioName) => Promise<Scene>;
  /** Fires, with the reason, when something of it fails. */
  readonly failed: AbortSignal;
  /** Ends everything and returns when nothing of it is left. */
  readonly stop: () => Promise<void>;
  /** Lets it go on without this process. */
  readonly keep: () => Promise<void>;
}

const GONE_MS = 30_000;

export function openStage(dir: string, first: ScenarioName, onMessage: (message: FromStage) => void): Stage {
  const log = openSync(join(dir, "stage.log"), "a");
  const child = fork(new URL("./stage.ts", import.meta.url).pathname, [dir, first], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const say = (message: ToStage): void => {
    if (child.connected) child.send(message);
  };
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const failed = new AbortController();
  let wanted = true;
  const fail = (reason: unknown): void => {
    if (wanted) failed.abort(reason);
  };
  child.once("error", fail);
  child.once("exit", () => fail(new Error("the process that holds the servers ended by itself")));
  let isReady: ((scene: Scene) => void) | undefined;
  const untilReady = (): Promise<Scene> =>
    new Promise<Scene>((resolve, reject) => {
      isReady = resolve;
      failed.signal.addEventListener("abort", () => reject(failed.signal.reason as Error), { once: true });
    });
  child.on("message", (message: FromStage) => {
    if (message.kind === "ready") isReady?.(message.scene);
    else if (message.kind === "failed") fail(new Error(message.message));
    else onMessage(message);
  });
  return {
    ready: untilReady(),
    next: (scenario) => {
      const ready = untilReady();
      say({ kind: "set", scenario });
      return ready;
    },
    failed: failed.signal,
    stop: async () => {
      wanted = false;
      say({ kind: "stop" });
      await exited;
      await untilGone(dir);
    },
    keep: async () => {
      wanted = false;
      if (child.pid !== undefined) await noteKept(dir, child.pid);
      // Told before the connection ends, because its end alone means the contrary.
      await new Promise<void>((resolve, reject) =>
        child.send({ kind: "keep" } satisfies ToStage, (error) => (error ? reject(error) : resolve())),
      );
      child.disconnect();
      child.unref();
    },
  };
}

/** The folder goes last, so nothing of a run is left when it is gone. */
export async function untilGone(dir: string): Promise<void> {
  const deadline = performance.now() + GONE_MS;
  while (await there(dir)) {
    if (performance.now() > deadline)
      throw new Error(`${dir} is still there: look for processes that use it, then remove it`);
    await pause(50);
  }
}
