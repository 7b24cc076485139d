import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { KINDS } from "../../src/api/crds.ts";
import { API_VERSION } from "../../src/api/group.ts";
import { codeBlocks, commandsIn } from "./markdown.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const DOCS = [
  "README.md",
  "AGENTS.md",
  "CHANGELOG.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const section = (text: string, title: string): string =>
  text.split(/^## /m).find((part) => part.startsWith(title)) ?? "";
const quoted = (text: string): readonly string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word);

describe.each(DOCS)("%s", (path) => {
  test("every npm command of a code block is a script", () => {
    const asked = commandsIn(read(path)).filter((line) => line.startsWith("npm "));
    const unknown = asked.filter((line) => {
      const [, first, ...rest] = line.split(/\s+/);
      const script = first === "run" ? rest.find((word) => !word.startsWith("-")) : first;
      return script === undefined || !(script in manifest.scripts);
    });
    expect(unknown).toEqual([]);
  });

  test("every file it links to or names is there", () => {
    const text = read(path);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to = ""]) => join(dirname(path), to));
    const named = quoted(text).filter((word) =>
      /^(src|test|docs|demo|examples|scripts|crds|manifests)\/[\w./-]*$/.test(word),
    );
    const short = quoted(text)
      .filter((word) => /^(core|controllers|agent|runtime)\/[\w./-]+\.ts$/.test(word))
      .map((word) => `src/${word}`);
    expect([...links, ...named, ...short].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

test("README gives a reason for every dependency, and for nothing else", () => {
  const words = new Set(quoted(section(read("README.md"), "What it needs")));
  const needed = Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.devDependencies,
  });
  expect(needed.filter((name) => !words.has(name))).toEqual([]);
  const table = section(read("README.md"), "What it needs")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  const listed = table.flatMap((line) => quoted(line.split("|")[1] ?? ""));
  expect(listed.filter((name) => !needed.includes(name))).toEqual([]);
});

test("README lists every kind under the short name that kubectl knows", () => {
  const rows = section(read("README.md"), "The kinds")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  expect(rows.map((line) => [quoted(line)[0], quoted(line.split("|")[2] ?? "")[0]])).toEqual(
    KINDS.map(({ kind, short }) => [kind, short]),
  );
});

test.each(DOCS)("every manifest of our kinds that %s shows is one that this version reads", (path) => {
  const shown = codeBlocks(read(path), "yaml").flatMap((block) =>
    parseAllDocuments(block).map((document) => document.toJS() as { apiVersion: string; kind: string; spec: unknown }),
  );
  if (path === "README.md") expect(shown.length).toBeGreaterThan(1);
  for (const { kind, spec } of shown.filter(({ apiVersion }) => apiVersion === API_VERSION))
    expect(KINDS.find((words) => words.kind === kind)?.spec.safeParse(spec)).toMatchObject({ success: true });
});

test("AGENTS.md names every room, and the picture draws every arrow that the test of the rooms allows", () => {
  const rooms = readdirSync(join(ROOT, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(rooms.filter((room) => !quoted(read("AGENTS.md")).includes(`src/${room}`))).toEqual([]);

  const [picture = ""] = codeBlocks(read("docs/architecture.md"), "mermaid");
  const drawn = [...picture.matchAll(/^\s*(\w+) --> (.+)$/gm)].flatMap(([, from = "", to = ""]) =>
    to.split("&").map((one) => `${from} -> ${one.trim()}`),
  );
  const rules = read("test/unit/rooms.test.ts").match(/const ROOMS[^{]*\{([^}]*)\}/)?.[1] ?? "";
  const allowed = [...rules.matchAll(/^\s*(\w+): \[([^\]]*)\]/gm)].flatMap(([, from = "", to = ""]) =>
    [...to.matchAll(/"(\w+)"/g)].map(([, one = ""]) => `${from} -> ${one}`),
  );
  expect(allowed.length).toBeGreaterThan(10);
  expect(drawn.filter((arrow) => !arrow.startsWith("main")).toSorted((a, b) => a.localeCompare(b))).toEqual(
    allowed.toSorted((a, b) => a.localeCompare(b)),
  );
});
