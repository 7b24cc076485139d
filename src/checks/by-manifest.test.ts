import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { subjectByHand } from "./by-hand.ts";

let dir: string;
let file: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-by-hand-"));
  file = join(dir, "server.yaml");
  await writeFile(
    file,
    `kind: Server\nspec:\n  url: https://10.4.0.17\n  tls: {sha256: ${"ab".repeat(32)}}\n  checks: {health: {path: /healthz}}\n`,
  );
});

afterAll(() => rm(dir, { recursive: true, force: true }));

test("a Server manifest gives the address, the pin and the checks", async () => {
  expect(await subjectByHand("Health Check", { file }, {})).toMatchObject({
    url: "https://10.4.0.17",
    trust: { sha256: "ab".repeat(32) },
    checks: { health: { path: "/healthz" } },
  });
});

test("what is typed goes over what the manifest says", async () => {
  const typed = { file, url: "https://shop.example", sha256: "cd".repeat(32), path: "/ready" };
  expect(await subjectByHand("Health Check", typed, {})).toMatchObject({
    url: "https://shop.example",
    trust: { sha256: "cd".repeat(32) },
    checks: { health: { path: "/ready" } },
  });
});

test("without an address anywhere the answer says where it can come from", async () => {
  await expect(subjectByHand("Health Check", {}, {})).rejects.toThrow("--file with a Server manifest has it, too");
});
