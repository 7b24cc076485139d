import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { startGuarded } from "../cluster/guard.ts";
import { freePorts } from "../cluster/ports.ts";
import { notOwned, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { codeBlocks } from "../unit/markdown.ts";

/** Runs "Running it by hand" of README.md as its reader would, who administers a cluster. */

const skipped = notOwned(sharedCluster());
const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url).pathname;
const MAIN = join(ROOT, "src/main.ts");
const readme = await readFile(join(ROOT, "README.md"), "utf8");
const [section = ""] = readme.split(/^## /m).filter((part) => part.startsWith("Running it by hand"));
const lines = codeBlocks(section, "sh").flatMap((block) => block.trim().split("\n"));
const OPERATOR = "npm run -s ashat -- operator";

let cluster: Cluster;
let dir: string;
let env: NodeJS.ProcessEnv;

beforeEach(({ skip }) => {
  if (skipped !== undefined) skip(skipped);
});
beforeAll(async () => {
  if (skipped !== undefined) return;
  [cluster, dir] = await Promise.all([startCluster(), mkdtemp(join(tmpdir(), "ashat-by-hand-"))]);
  for (const folder of ["crds", "manifests"]) await cp(join(ROOT, folder), join(dir, folder), { recursive: true });
  env = {
    PATH: [dirname(process.execPath), dirname(cluster.kubectlPath), process.env["PATH"]].join(":"),
    HOME: dir,
    KUBECONFIG: cluster.kubeconfig,
  };
});
afterAll(async () => {
  await cluster?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const asked = (line: string): readonly string[] => line.slice(OPERATOR.length).trim().split(/\s+/);

test("every line but the last works as it stands", async () => {
  const before = lines.filter((line) => !line.startsWith(OPERATOR));
  expect(lines.slice(0, -1)).toEqual(before);
  const script = before.join("\n").replaceAll("npm run -s ashat --", `node ${MAIN}`);
  await run("sh", ["-euc", script], { cwd: dir, env });
});

test("an operator with the kubeconfig of an administrator ends at once, and says how to make the right one", async () => {
  const words = asked(lines.at(-1) ?? "").filter((word) => !/kubeconfig/.test(word));
  const ended = await run(process.execPath, [MAIN, "operator", ...words], { cwd: dir, env }).then(
    () => ({ code: 0, stderr: "" }),
    (error: unknown) => error as { readonly code: number; readonly stderr: string },
  );
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(
    /^The operator would act as \S+, and the policies let only system:serviceaccount:ashat-system:ashat /,
  );
  const told = ended.stderr.split("\n").flatMap((line) => (line.startsWith("  kubectl") ? [line.trim()] : []));
  const written = lines.filter((line) => line.includes("keys/operator.kubeconfig") && line.startsWith("kubectl"));
  expect(told).toEqual(written.map((line) => line.replaceAll("keys/operator.kubeconfig", "operator.kubeconfig")));
  expect(
    JSON.parse((await cluster.kubectl(["get", "leases", "-n", "ashat-system", "-o", "json"])).stdout),
  ).toMatchObject({ items: [] });
});

test("the last line is an operator that leads, and nothing is refused to it", async ({ onTestFinished }) => {
  const [port = 0] = await freePorts(1);
  const logFile = join(dir, "operator.log");
  const args = asked(lines.at(-1) ?? "").map((word) => (word.startsWith("keys/") ? join(dir, word) : word));
  const operator = await startGuarded({
    name: "operator",
    command: process.execPath,
    args: [MAIN, "operator", ...args, `--health-port=${port}`],
    logFile,
    env: { PATH: process.env["PATH"] },
  });
  onTestFinished(async () => void (await operator.stop(5000)));
  await until("it leads", async () =>
    /^ashat_leader(\{.*\})? 1$/m.test(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  );
  const said = await run(process.execPath, [MAIN, "doctor"], { cwd: dir, env });
  expect(said.stdout.match(/^\[\+\]/gm)).toHaveLength(4);
  expect(await readFile(logFile, "utf8")).not.toMatch(/forbidden|403/i);
});
