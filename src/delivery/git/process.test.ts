import { expect, test } from "vitest";
import { runGit } from "./process.ts";

const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C" };
const never = new AbortController().signal;

test("what git says is without secrets", async () => {
  const end = await runGit({
    args: ["hunter2-as-a-command"],
    env,
    cwd: "/",
    secrets: ["hunter2"],
    signal: never,
    deadline: never,
  });
  expect(end.code).not.toBe(0);
  expect(end.said).toContain("***-as-a-command");
  expect(end.said).not.toContain("hunter2");
});

test("nothing of our own environment reaches git", async () => {
  const args = ["-c", "alias.show-env=!env", "show-env"];
  const { out } = await runGit({ args, env, cwd: "/", secrets: [], signal: never, deadline: never });
  const names = out
    .toString()
    .split("\n")
    .map((line) => line.split("=")[0]);
  expect(names).toContain("LC_ALL");
  expect(names).not.toContain("HOME");
});

test("a machine without git is told", async () => {
  const nowhere = { ...env, PATH: "/nonexistent" };
  await expect(
    runGit({ args: ["version"], env: nowhere, cwd: "/", secrets: [], signal: never, deadline: never }),
  ).rejects.toThrow(/its image needs git/);
});
