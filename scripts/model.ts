/**
 * `npm run model [-- <seconds> [<states per world>]]`: explores the judgement together with a model of the API server, agents, Jobs and
 * people, two worlds at a time, first all that is near and then what is far, and prints how far it came. Ends with 1 where a rule was broken, and shows the way there.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { explore, type Explored } from "../test/unit/model/explore.ts";
import { SCENARIOS } from "../test/unit/model/scenarios.ts";

interface Ask {
  readonly name: string;
  readonly seconds: number;
  readonly states: number;
  /** Where it is there, the way is drawn, and goes far; without, all that is near is gone through. */
  readonly seed?: number;
}

const CORES = 2;

const inWorker = (ask: Ask): Promise<Explored> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: ask,
      resourceLimits: { maxOldGenerationSizeMb: 3072 },
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });

const show = (found: Explored, { seed }: Ask): void => {
  const { scenario, states, transitions, depth, faults, judged, rests, followed, whole, seconds, broken } = found;
  console.log(
    `${broken ? "BROKEN" : "good  "} ${scenario}${seed === undefined ? "" : ", far"}: ${states} distinct states, ${transitions} transitions, depth ${depth}, up to ${faults} faults, ` +
      `${rests} states at rest, ${followed} followed until they rest, ${judged} distinct judgements, ${seconds.toFixed(1)} s${whole ? ", all there is" : ""}`,
  );
  if (broken) console.log([`  ${broken.why}`, ...broken.how.map((step, n) => `  ${n + 1}. ${step}`)].join("\n"));
};

const main = async (): Promise<void> => {
  const seconds = Number(process.argv[2] ?? 16);
  const states = Number(process.argv[3] ?? 1_000_000);
  const begun = performance.now();
  const waiting = SCENARIOS.flatMap(({ name }): Ask[] => [
    { name, seconds, states },
    { name, seconds, states, seed: 20300101 },
  ]);
  const all: Explored[] = [];
  const work = async (): Promise<void> => {
    for (let ask = waiting.shift(); ask !== undefined; ask = waiting.shift()) {
      const found = await inWorker(ask);
      show(found, ask);
      all.push(found);
    }
  };
  await Promise.all(Array.from({ length: CORES }, work));
  const sum = (of: (found: Explored) => number): number => all.reduce((total, found) => total + of(found), 0);
  console.log(
    `${sum(({ states }) => states)} distinct states, ${sum(({ transitions }) => transitions)} transitions, depth ${Math.max(...all.map(({ depth }) => depth))}, ` +
      `${all.filter(({ broken }) => broken).length} broken, ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
  process.exitCode = all.some(({ broken }) => broken) ? 1 : 0;
};

if (isMainThread) await main();
else {
  const { name, ...limits } = workerData as Ask;
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; this is a worker's
  parentPort?.postMessage(explore(scenario, limits, () => performance.now()));
}
