/** `npm run demo`: one update from ALPHA to three Licensed Mainframes, on a real Kubernetes control plane, with real servers. */
import { parseArgs } from "node:util";
import { PLAY, SETUP } from "./messages.ts";
import { showKept } from "./kept.ts";
import { showOutcome } from "./outcome.ts";
import { forgetLogs, keepLogs, newDir, tidy } from "./places.ts";
import { play } from "./play.ts";
import { openScreen } from "./screen.ts";
import { setupLines, stepLine } from "./setup-lines.ts";
import { openStage } from "./stage-process.ts";
import { stopKept } from "./stop-kept.ts";

const USAGE = `npm run demo                 one update through all tiers; nothing is left afterwards
npm run demo -- --keep       the same, and everything goes on running for you to look at
npm run demo -- --stop       ends what --keep left running`;

const LONGEST_MS = 15 * 60_000;
const INTERRUPTED = 130;

class Interrupted extends Error {
  override readonly name = "Interrupted";
}

async function demo(keep: boolean): Promise<number> {
  const screen = openScreen();
  const { paint } = screen;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => stop.abort(new Interrupted(`ended by ${signal}`)));
  const interrupted = new Promise<never>((_, reject) =>
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason as Error), { once: true }),
  );
  interrupted.catch(() => {});

  const begun = performance.now();
  const seconds = (): string => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  screen.line(paint.bold("ASHAT: an update from ALPHA through Public and OMEGA to three Licensed Mainframes"));
  const dir = await newDir();
  const stage = openStage(dir, setupLines(screen));
  try {
    const scene = await Promise.race([stage.ready, interrupted]);
    screen.line(
      `        ${paint.dim(`Kubernetes ${scene.kubernetes}, everything on 127.0.0.1, ready after ${seconds()}`)}`,
    );
    screen.line(stepLine(screen, SETUP.length + 1, PLAY[0]));
    await play(screen, scene, AbortSignal.any([stop.signal, stage.failed, AbortSignal.timeout(LONGEST_MS)]));
    screen.line(stepLine(screen, SETUP.length + 2, PLAY[1]));
    await showOutcome(screen, scene);
    screen.line();
    if (keep) {
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
  let values: {
    readonly keep?: boolean | undefined;
    readonly stop?: boolean | undefined;
    readonly help?: boolean | undefined;
  };
  try {
    ({ values } = parseArgs({
      options: { keep: { type: "boolean" }, stop: { type: "boolean" }, help: { type: "boolean" } },
    }));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (values.stop === true) {
    const ended = await stopKept();
    console.log(
      ended === 0 ? "No demo is running." : `Ended ${ended} demo${ended === 1 ? "" : "s"}; nothing is left running.`,
    );
    return 0;
  }
  return demo(values.keep === true);
}

process.exit(await main());
