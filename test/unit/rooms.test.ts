import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../../src/", import.meta.url).pathname;

/** Which room may import which: the arrows of the architecture. `main.ts` puts the rooms together. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  api: [],
  core: ["api"],
  kube: [],
  dial: [],
  runtime: ["kube"],
  delivery: ["api", "kube", "licence", "dial"],
  checks: ["api", "dial"],
  licence: ["api"],
  agent: ["api", "licence", "dial"],
  controllers: ["api", "core", "runtime", "kube", "delivery", "licence", "dial"],
  cli: ["api", "core", "kube", "licence", "dial"],
  "main.ts": ["api", "core", "runtime", "kube", "delivery", "checks", "licence", "agent", "controllers", "cli", "dial"],
};

interface Source {
  readonly path: string;
  readonly text: string;
}

// Static, dynamic and re-exporting imports all name their file after `from`, `import(` or a bare `import`.
const IMPORTS = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)["']([^"']+)["']/gm;

const roomOf = (path: string): string => path.split("/")[0] ?? "";

/** Every import of one of our files that no arrow allows, as a sentence. */
const forbidden = (sources: readonly Source[]): readonly string[] =>
  sources.flatMap(({ path, text }) => {
    const room = roomOf(path);
    const allowed = ROOMS[room];
    if (!allowed)
      return [`src/${path} is in no known room: move it, or add the room with its arrows here and in the docs`];
    return [...text.matchAll(IMPORTS)].flatMap(([, to = ""]) => {
      if (!to.startsWith(".")) return [];
      const target = normalize(join(dirname(path), to));
      const other = roomOf(target);
      // The version is written once, in package.json.
      if (other === room || allowed.includes(other) || target === "../package.json") return [];
      if (target.startsWith("..")) return [`src/${path} imports ${to}, which is outside src`];
      return [`src/${path} imports ${to}, but ${room} may import ${allowed.join(", ") || "nothing of ours"}`];
    });
  });

const sources = (): readonly Source[] =>
  readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, "utf8") }));

test("every import in src follows the arrows between the rooms", () => {
  expect(sources().length).toBeGreaterThan(10);
  expect(forbidden(sources())).toEqual([]);
});

test.each([
  ["core", "core/decide.ts", 'import { createClient } from "../kube/client.ts";'],
  ["a type import", "kube/client.ts", 'import type { Server } from "../api/server.ts";'],
  ["an import over several lines", "licence/sign.ts", 'import {\n  a,\n  b,\n} from "../agent/apply.ts";'],
  ["a dynamic import", "checks/run.ts", 'const m = await import("../delivery/agent.ts");'],
  ["an import for its effects", "api/group.ts", 'import "../core/decide.ts";'],
  ["a re-export", "runtime/queue.ts", 'export * from "../api/group.ts";'],
  ["an import of tests", "api/group.ts", 'import { until } from "../../test/cluster/until.ts";'],
  ["an import of the whole", "agent/apply.ts", 'import { main } from "../main.ts";'],
  ["a file in an unknown room", "helpers/all.ts", ""],
])("%s that breaks an arrow is found", (_, path, text) => {
  expect(forbidden([{ path, text }])).toHaveLength(1);
});

test("an import inside a room, along an arrow, or of a package breaks nothing", () => {
  const text = 'import { z } from "zod";\nimport { a } from "./a.ts";\nimport { group } from "../api/group.ts";';
  expect(forbidden([{ path: "core/decide.ts", text }])).toEqual([]);
});
