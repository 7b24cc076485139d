import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { notOwned, sharedCluster } from "../cluster/shared.ts";
import { codeBlocks, commandsIn } from "../unit/markdown.ts";

const reason = notOwned(sharedCluster());
const ROOT = new URL("../../", import.meta.url).pathname;
const RUN_MS = 400_000;
const SCENARIOS_MS = 800_000;
const run = promisify(execFile);

interface Run {
  readonly code: number | null;
  readonly output: string;
}

interface Running {
  readonly ended: Promise<Run>;
  readonly printed: (text: string) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** The demo as a pipe sees it: no terminal, so nobody who could press Enter. */
const demo = (...args: readonly string[]): Running => {
  const child = spawn(process.execPath, ["demo/main.ts", ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const hear = (part: Buffer): void => {
    output += part.toString("utf8");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = once(child, "close").then(([code]): Run => ({ code: code as number | null, output }));
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.includes(text)) resolve();
        };
        child.stdout.on("data", look);
        child.once("close", () => reject(new Error(`the demo ended before it printed ${text}:\n${output}`)));
        look();
      }),
  };
};

/** What differs from run to run: times, hashes, the order in which steps end. */
const steady = (line: string): string =>
  line
    .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, "<time>")
    .replace(/\b[0-9a-f]{16,64}\b/g, "<hash>")
    .replace(/^\[ ?\d+\//, "[n/")
    .replace(/\+?\b\d+\.\d s\b/g, "<seconds>")
    .replace(/\s+/g, " ")
    .trim();

const processesOf = async (dir: string): Promise<readonly string[]> =>
  (await run("ps", ["-eo", "args"])).stdout.split("\n").filter((line) => line.includes(dir));
const dirOf = ({ output }: Run): string => {
  const [below] = /\.demo\/\w+(?=\/)/.exec(output) ?? [];
  return below === undefined ? "" : `${ROOT}${below}`;
};

/** What must be read of each scenario; they run one after the other on one control plane. */
const SCENARIOS: readonly (readonly [name: string, ...texts: readonly RegExp[]])[] = [
  [
    "cancelled",
    /OMEGA Cancelled: ann cancelled it before anything was delivered to omega: a customer found a fault in it/,
    /omega-production OmegaProduction OMEGA Hello from RaOS 9\.4\.1 Hello from RaOS 9\.4\.1/,
  ],
  [
    "failed-verification",
    /Public Held: public-staging: Performance Baseline: p99 is \d+ ms, more than 300 ms/,
    /Performance Baseline - Failed -/,
    /omega-production OmegaProduction OMEGA Hello from RaOS 9\.4\.1 Hello from RaOS 9\.4\.1/,
  ],
  [
    "rollback",
    /bob asked to roll omega back: it invoices twice[^]*cust-207 runs 9\.4\.1 again[^]*cust-101 runs 9\.4\.1 again[^]*omega-production runs 9\.4\.1 again/,
    /public-staging PublicStaging Public Hello from RaOS 9\.4\.1 Hello from RaOS 9\.4\.2/,
    /proven omega was approved by bob/,
  ],
  ["restore", /omega Held RollingBack RestoreOnFailure operator/, /omega-production runs 9\.4\.1 again/],
  [
    "unlicensed",
    /mainframe 101 passed/,
    /LicenceVersionNotEntitled[^]*ashat licence issue --mainframe/,
    /cust-207 mainframe 207 mainframe Hello from RaOS 9\.4\.1 Hello from RaOS 9\.4\.1/,
  ],
  [
    "emergency",
    /takes deliveries in its windows only/,
    /ann opened window before the time: the hole is being exploited/,
    /omega-production OmegaProduction OMEGA Hello from RaOS 9\.4\.1 Hello from RaOS 9\.4\.2/,
  ],
  [
    "drift",
    /it runs default 9\.4\.1, but 9\.4\.2 was delivered by/,
    /omega Passed Delivering DriftHealed operator/,
    /omega-production OmegaProduction OMEGA Hello from RaOS 9\.4\.1 Hello from RaOS 9\.4\.2/,
  ],
  [
    "rebuilt",
    /of the old ones 50 are Superseded/,
    /OmegaProduction 2 2 mainframe/,
    /proven omega was approved by ann \(stamped by the API server\)/,
    /omega Waiting Verifying AlreadyThere operator/,
  ],
];

describe.skipIf(reason !== undefined)("every other way an update can go", () => {
  let shown: Run;
  let parts: readonly string[] = [];
  beforeAll(async () => {
    shown = await demo("--scenario", SCENARIOS.map(([name]) => name).join(",")).ended;
    // Where a line is wrapped depends on the length of a name.
    parts = shown.output
      .split(/^ASHAT: /m)
      .slice(1)
      .map(steady);
  }, SCENARIOS_MS);

  test("they all end well, and nothing is left running", () => {
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.output).toMatch(/\nDone in [\d.]+ s; nothing is left running\.\n$/);
    expect(parts).toHaveLength(SCENARIOS.length);
  });

  test.each(SCENARIOS.map(([name, ...texts], index) => ({ name, texts, index })))(
    "$name ends as it is named, and its chain proves itself",
    ({ texts, index }) => {
      for (const text of [...texts, /proven \d+ records of security-patch-001/]) expect(parts[index]).toMatch(text);
    },
  );

  test("a scenario that is none is refused with the names of those that are", async () => {
    const { code, output } = await demo("--scenario", "rolback").ended;
    expect(code).toBe(2);
    for (const [name] of SCENARIOS) expect(output).toContain(name);
  });
});

describe.skipIf(reason !== undefined)("the demo, kept running", () => {
  let kept: Run;
  beforeAll(async () => {
    kept = await demo("--keep").ended;
  }, RUN_MS);
  afterAll(async () => {
    await demo("--stop").ended;
  });

  test("it ends well without anybody at a terminal, and prints what README shows", () => {
    expect(kept).toMatchObject({ code: 0 });
    const printed = new Set(kept.output.split("\n").map(steady));
    const [shown = ""] = codeBlocks(readFileSync(`${ROOT}README.md`, "utf8"), "text");
    const lines = shown
      .split("\n")
      .map(steady)
      .filter((line) => line !== "..." && !line.startsWith("Done in"));
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => !printed.has(line))).toEqual([]);
  });

  test("every server answers with something else than before", () => {
    expect(kept.output.match(/Hello from RaOS 9\.4\.1 {2}Hello from RaOS 9\.4\.2/g)).toHaveLength(6);
  });

  test("what it says one can do next does what it should, and so does what README says", async () => {
    // A command may go on in the next line.
    const said = kept.output.slice(kept.output.indexOf("Look at it with:")).replace(/ \\\n\s*/g, " ");
    const [admin = "", path = "", ...others] = said.split("\n").filter((line) => line.startsWith("  export "));
    const set = [admin, path];
    expect(others.map((line) => /raos-(\w+)\.kubeconfig"$/.exec(line)?.[1])).toEqual(["author", "ann", "bob"]);
    const printed = said
      .split("\n")
      .filter((line) => /^ {2}(kubectl|npm|curl|KUBECONFIG=)/.test(line))
      .map((line) => line.trim());
    expect(printed).toHaveLength(4);
    // How it runs without the demo is run by another test.
    const ofDemo = readFileSync(`${ROOT}README.md`, "utf8")
      .split(/^(?=## )/m)
      .filter((part) => !part.startsWith("## Running it by hand"));
    const documented = commandsIn(ofDemo.join("")).filter((line) => /^kubectl |deploy -- /.test(line));
    expect(documented.length).toBeGreaterThan(3);
    for (const command of [...printed, ...documented]) {
      // Their caches go where the demo keeps its things.
      const env = { ...process.env, KUBECACHEDIR: `${dirOf(kept)}/kubectl-cache` };
      const { stdout } = await run("/bin/sh", ["-c", `${set.join("\n")}\n${command}`], { cwd: ROOT, env });
      expect(stdout, command).toMatch(/security-patch-00[12]|9\.4\.2|checks/);
    }
  });

  test("a second one beside it that is interrupted leaves nothing, and the first goes on", async () => {
    const second = demo();
    await second.printed("control plane");
    const [dir = "", ...more] = readdirSync(`${ROOT}.demo`)
      .map((name) => `${ROOT}.demo/${name}`)
      .filter((one) => one !== dirOf(kept));
    expect(more).toEqual([]);
    expect((await processesOf(dir)).length).toBeGreaterThan(3);
    second.kill("SIGINT");
    const { code, output } = await second.ended;
    expect(code).toBe(130);
    expect(output).toContain("Everything was ended");
    expect(existsSync(dir)).toBe(false);
    expect(await processesOf(dir)).toEqual([]);
    expect((await processesOf(dirOf(kept))).length).toBeGreaterThan(10);
  }, 120_000);

  test("it is ended on demand, and no process and no file of it is left", async () => {
    const dir = dirOf(kept);
    expect(await demo("--stop").ended).toMatchObject({ code: 0, output: "Ended 1 demo; nothing is left running.\n" });
    expect(existsSync(dir)).toBe(false);
    expect(await processesOf(dir)).toEqual([]);
  }, 60_000);
});
