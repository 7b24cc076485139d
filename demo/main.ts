/** `npm run demo`: updates on their way, on a real Kubernetes control plane, with real servers. */
import { readAsked, USAGE } from "./asked.ts";
import { PLAY, stepsOf } from "./messages.ts";
import { showKept } from "./kept.ts";
import { showOutcome } from "./outcome.ts";
import { forgetLogs, keepLogs, newDir, tidy } from "./places.ts";
import { play } from "./play.ts";
import type { Scene } from "./scene.ts";
import { openScreen } from "./screen.ts";
import { type ScenarioName, SCENARIOS } from "./scenarios.ts";
import { countSteps, setupLines } from "./setup-lines.ts";
import { openStage } from "./stage-process.ts";
import { stopKept } from "./stop-kept.ts";
import { wrap } from "./wrap.ts";

const LONGEST_MS = 15 * 60_000;
const INTERRUPTED = 130;
const WRONGLY_ASKED = 2;

class Interrupted extends Error {
  override readonly name = "Interrupted";
}

async function demo(scenarios: readonly [ScenarioName, ...ScenarioName[]], keep: boolean): Promise<number> {
  const screen = openScreen();
  const { paint } = screen;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => stop.abort(new Interrupted(`ended by ${signal}`)));
  // Whoever reads may stop reading: then everything is ended as after Ctrl-C, without a word.
  process.stdout.on("error", () => stop.abort(new Interrupted("nobody reads it any more")));
  const interrupted = new Promise<never>((_, reject) =>
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason as Error), { once: true }),
  );
  interrupted.catch(() => {});

  const begun = performance.now();
  const seconds = (since = begun): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
  const step = countSteps(screen, stepsOf(scenarios.length));
  const dir = await newDir();
  const [first] = scenarios;
  const stage = openStage(dir, first, setupLines(screen, step));
  try {
    let scene: Scene | undefined;
    for (const name of scenarios) {
      const scenario = SCENARIOS[name];
      const its = performance.now();
      if (scene !== undefined) screen.line();
      for (const line of wrap(`ASHAT: ${scenario.shows}`, screen.width)) screen.line(paint.bold(line));
      if (scenario.tells !== undefined) for (const line of wrap(scenario.tells, screen.width, "  ")) screen.line(line);
      scene = await Promise.race([name === first ? stage.ready : stage.next(name), interrupted]);
      const ready = `Kubernetes ${scene.kubernetes}, everything on 127.0.0.1, ready after ${seconds(its)}`;
      for (const line of wrap(ready, screen.width, "        ")) screen.line(paint.dim(line));
      step(PLAY[0]);
      const ended = AbortSignal.any([stop.signal, stage.failed, AbortSignal.timeout(LONGEST_MS)]);
      await play(screen, scene, scenario, ended);
      step(PLAY[1]);
      await showOutcome(screen, scene, scenario);
      screen.line();
    }
    if (keep && scene !== undefined) {
      await stage.keep();
      showKept(screen, scene);
    } else {
      screen.now("ending everything");
      await stage.stop();
      screen.now(undefined);
    }
    await forgetLogs();
    screen.line(paint.good(`Done in ${seconds()}${keep ? "." : "; nothing is left running."}`));
    return 0;
  } catch (error) {
    screen.now(undefined);
    screen.line();
    screen.line(paint.bad(error instanceof Error ? error.message : String(error)));
    const logs = error instanceof Interrupted ? undefined : await keepLogs(dir);
    screen.now("ending everything");
    await stage.stop();
    screen.now(undefined);
    screen.line(`Everything was ended after ${seconds()}.${logs === undefined ? "" : ` The logs are in ${logs}.`}`);
    return error instanceof Interrupted ? INTERRUPTED : 1;
  } finally {
    screen.end();
    await tidy();
  }
}

async function main(): Promise<number> {
  const asked = readAsked(process.argv.slice(2), process.env);
  switch (asked.want) {
    case "nothing":
      console.error(asked.because);
      return WRONGLY_ASKED;
    case "help":
      console.log(USAGE);
      return 0;
    case "stop": {
      const ended = await stopKept();
      console.log(
        ended === 0 ? "No demo is running." : `Ended ${ended} demo${ended === 1 ? "" : "s"}; nothing is left running.`,
      );
      return 0;
    }
    case "play":
      return demo(asked.scenarios, asked.keep);
    default:
      return asked;
  }
}

process.exit(await main());
