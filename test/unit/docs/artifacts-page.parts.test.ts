import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Agent } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentConfig } from "../../../src/agent/config.ts";
import { readManifest } from "../../../src/agent/manifest.ts";
import { unpack } from "../../../src/agent/unpack.ts";
import { readArchive } from "../../../src/cli/archive.ts";
import { ARCHIVE_BOUNDS, readArchiveFrom } from "../../../src/delivery/kubernetes/archive.ts";
import { ANY_ADDRESS } from "../../../src/dial/address-rules.ts";
import { identity, secureServer } from "../../checks/scene.ts";
import { codeBlocks } from "../markdown.ts";

/** Builds an archive as docs/artifacts.md says, and gives it to everybody who reads archives. */

const run = promisify(execFile);
const ROOT = new URL("../../../", import.meta.url).pathname;
const page = await readFile(join(ROOT, "docs/artifacts.md"), "utf8");
const FILE = "ra-9.4.3.tgz";
const ORDER = { app: "default", layer: "main", version: "9.4.3" };
const { limits, fetch: fetching } = AgentConfig.parse({
  name: "raos/ra-01",
  tls: { certFile: "c", keyFile: "k" },
  operatorKeys: "o",
  root: "r",
  health: { url: "http://127.0.0.1" },
});

let dir: string;
let said: string;
const sh = async (script: string): Promise<string> =>
  (await run("sh", ["-euc", script], { cwd: dir, env: { PATH: process.env["PATH"] } })).stdout;
const digestOf = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-artifacts-page-"));
  said = await sh(codeBlocks(page, "sh").join("\n"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("docs/artifacts.md", () => {
  test("its lines make an archive that an agent unpacks, and that is what was ordered", async () => {
    expect(said).toContain(await digestOf(join(dir, FILE)));
    const folder = join(dir, "unpacked");
    await unpack(join(dir, FILE), folder, limits, new AbortController().signal);
    expect(await readManifest(folder, ORDER)).toMatchObject({ modules: [{ name: "core", version: "9.4.3" }] });
    expect(await readFile(join(folder, "modules/core.mjs"), "utf8")).toContain("hello");
  });

  test("deploy push and a cluster take it, too", async ({ onTestFinished }) => {
    const bytes = await readFile(join(dir, FILE));
    const who = await identity();
    const dispatcher = new Agent({ connect: { ca: who.ca } });
    onTestFinished(() => dispatcher.close());
    const url = await secureServer(who, (_request, response) => response.end(bytes));
    const sha256 = await digestOf(join(dir, FILE));
    const { signal } = new AbortController();
    expect(await readArchive(dispatcher, url, signal)).toMatchObject({ sha256, manifest: ORDER });
    const files = await readArchiveFrom(ANY_ADDRESS, { ca: who.ca })({ url, sha256 }, ".", signal, undefined);
    expect(JSON.parse(files.get("ashat.json") ?? "")).toMatchObject(ORDER);
  });

  test("the longer line makes the same bytes from files of another age", async () => {
    const [line = ""] = /tar --sort=name[^`]+/.exec(page) ?? [];
    await sh(line);
    const before = await digestOf(join(dir, FILE));
    await utimes(join(dir, "release/ashat.json"), new Date(0), new Date(0));
    await sh(line);
    expect(await digestOf(join(dir, FILE))).toBe(before);
    await unpack(join(dir, FILE), join(dir, "again"), limits, new AbortController().signal);
  });

  test("the sample's tool makes an archive of a layer by the line of the page", async () => {
    const [line = ""] = /examples\/raos\/release\.ts [^`]+/.exec(page) ?? [];
    const { file } = JSON.parse(await sh(`node ${ROOT}${line}`)) as { readonly file: string };
    await unpack(join(dir, "releases", file), join(dir, "layer"), limits, new AbortController().signal);
    expect(await readManifest(join(dir, "layer"), { ...ORDER, layer: "database" })).toBeDefined();
  });

  test.each([
    ["entries", limits.maxEntries],
    ["bytes unpacked", limits.maxBytes],
    ["times its packed size", limits.maxRatio],
    ["bytes packed: `fetch.maxBytes`", fetching.maxBytes],
    ["bytes packed and", ARCHIVE_BOUNDS.packed],
    ["unpacked, with", ARCHIVE_BOUNDS.unpacked],
    ["bytes of manifests", ARCHIVE_BOUNDS.manifests],
  ])("says how many %s there may be", (what, most) => {
    expect(page).toContain(`${most} ${what}`);
  });
});
