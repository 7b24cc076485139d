/** The process that holds everything a demo runs on. It lives in a session of its own, so that it can outlive the one that plays on it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { removeAtDeath } from "../test/cluster/guard.ts";
import { buildStage, type Ending, type Stage, type Told } from "./build-stage.ts";
import type { FromStage, ToStage } from "./messages.ts";
import { stopFile, there } from "./places.ts";
import { isScenario, type ScenarioName } from "./scenarios.ts";

const LOOK_MS = 500;

const [, , dir = "", first = "main"] = process.argv;
const ended = new AbortController();
let kept = false;

const tell = (message: FromStage): void => {
  if (process.connected) process.send?.(message);
};
process.on("message", (message: ToStage) => {
  if (message.kind === "keep") kept = true;
  else if (message.kind === "stop") ended.abort();
  else void ready(message.scenario);
});
process.on("disconnect", () => {
  if (!kept) ended.abort();
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => ended.abort());

const endings: Ending[] = [];
removeAtDeath(dir);
// A compiler that is killed leaves what it has half done; here it goes with the folder.
const compilerDir = join(dir, "go");
await mkdir(compilerDir);
process.env["GOTMPDIR"] = compilerDir;

const stopped = new Promise<void>((resolve) => ended.signal.addEventListener("abort", () => resolve(), { once: true }));
const told: Told = {
  begun: (step) => tell({ kind: "begun", step }),
  goesOn: (step, doing) => tell({ kind: "goesOn", step, doing }),
  done: (step, seconds, note) => tell({ kind: "done", step, seconds, note }),
  broken: (message) => {
    if (!ended.signal.aborted) tell({ kind: "failed", message });
  },
};

let stage: Stage | undefined;
const ready = async (scenario: ScenarioName): Promise<void> => {
  try {
    await stage?.strike();
    stage ??= buildStage(dir, told, endings);
    tell({ kind: "ready", scene: await stage.set(scenario) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
    tell({ kind: "failed", message: `${error instanceof Error ? error.message : String(error)}${cause}` });
  }
};

await Promise.race([ready(isScenario(first) ? first : "main"), stopped]);
while (!ended.signal.aborted) {
  if (await there(stopFile(dir))) ended.abort();
  else await pause(LOOK_MS, undefined, { signal: ended.signal }).catch(() => {});
}

for (const end of endings.toReversed())
  await end().catch((error: unknown) => console.error("could not be ended:", error));
// What was still being built or started is in this process group, or guarded; neither outlives this line.
process.kill(-process.pid, "SIGKILL");
