import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import type { Metafile } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { BUNDLED, bundleInto } from "../../../scripts/image/bundle.ts";
import { READ_BOUNDS, READ_MARK } from "../../../src/delivery/kubernetes/read-apart.ts";
import { copyElsewhere } from "./elsewhere.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const run = promisify(execFile);

let dir: string;
let metafile: Metafile;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-bundle-"));
  metafile = await bundleInto(join(dir, "first"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Runs a program of the bundle with nothing beside it: no packages, no sources. */
const bundled = async (program: string, ...args: string[]): Promise<string> => {
  const alone = await mkdtemp(join(dir, "alone-"));
  await cp(join(dir, "first", `${program}.mjs`), join(alone, `${program}.mjs`));
  const { stdout } = await run(process.execPath, [join(alone, `${program}.mjs`), ...args], { cwd: alone, env: {} });
  return stdout;
};

test("the same sources in another folder give the same bytes", async () => {
  const elsewhere = join(dir, "elsewhere", "checkout");
  await copyElsewhere(ROOT, Object.keys(metafile.inputs), elsewhere);
  await bundleInto(join(dir, "second"), elsewhere);
  for (const name of BUNDLED)
    expect((await readFile(join(dir, "second", name))).equals(await readFile(join(dir, "first", name))), name).toBe(
      true,
    );
  expect(await readFile(join(dir, "first", "ashat.mjs"), "utf8")).not.toContain(ROOT);
});

test("each program is one file and asks for nothing but Node, and for parts that are optional", () => {
  const asked = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect([...new Set(asked)].filter((path) => !isBuiltin(path)).toSorted()).toEqual(["pg-native", "supports-color"]);
});

test("nothing of ours reads a file beside its source: there is none beside the bundle", async () => {
  const ours = Object.keys(metafile.inputs).filter((path) => path.startsWith("src/"));
  expect(ours.length).toBeGreaterThan(100);
  const texts = await Promise.all(ours.map(async (path) => [path, await readFile(join(ROOT, path), "utf8")] as const));
  expect(
    texts.filter(([, text]) => /import\.meta\.(url|dirname|filename|resolve)/.test(text)).map(([path]) => path),
  ).toEqual(["src/delivery/kubernetes/read-apart.ts"]);
});

test("started as a thread the bundle reads manifests, and nothing else", async () => {
  const file = join(dir, "first", "ashat.mjs");
  const texts = [["a.yaml", "mode: 0644"]];
  const answers = once(
    new Worker(file, { workerData: { mark: READ_MARK, texts, tokens: READ_BOUNDS.tokens } }),
    "message",
  );
  expect(await answers).toEqual([{ values: [["a.yaml", [{ mode: 420 }]]] }]);
  expect(await once(new Worker(file, { argv: ["licence", "--help"], stdout: true }), "exit")).toEqual([0]);
});

test("every process starts from the bundle alone", async () => {
  for (const name of ["operator", "agent", "check", "licence"])
    expect(await bundled("ashat", name, "--help")).toContain(`Usage: ashat ${name}`);
  expect((await bundled("deploy", "--version")).trim()).toBe(manifest.version);
});

test("what is loaded late is in the bundle, too: a kubeconfig whose user is a program", async () => {
  const asked = join(dir, "asked");
  const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "x" } };
  const program = `require("node:fs").writeFileSync(process.argv[1], ""); console.log(${JSON.stringify(JSON.stringify(credential))})`;
  const exec = { apiVersion: credential.apiVersion, command: process.execPath, args: ["-e", program, asked] };
  const kubeconfig = join(dir, "exec.yaml");
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "one",
      clusters: [{ name: "one", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "one", user: { exec: { ...exec, interactiveMode: "Never" } } }],
      contexts: [{ name: "one", context: { cluster: "one", user: "one" } }],
    }),
  );
  await expect(bundled("deploy", "status", "--kubeconfig", kubeconfig)).rejects.toThrow(/127\.0\.0\.1:1/);
  expect(existsSync(asked)).toBe(true);
});

test("the licence of every bundled package goes along", async () => {
  const text = await readFile(join(dir, "first", "LICENSES.txt"), "utf8");
  const packages = new Set(
    Object.values(metafile.outputs)
      .flatMap(({ inputs }) => Object.keys(inputs))
      .flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  );
  expect(packages.size).toBeGreaterThan(30);
  expect([...packages].filter((name) => !text.includes(`\n${name} `))).toEqual([]);
  expect(await readdir(join(dir, "first"))).toEqual(BUNDLED.toSorted());
});
