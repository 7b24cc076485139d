import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { argocdPatch } from "../../scripts/argocd.ts";

const folder = new URL("../../manifests/argocd", import.meta.url).pathname;
const tree = join(folder, "resource_customizations");
const committed = readFileSync(join(folder, "argocd-cm-patch.yaml"), "utf8");
const { data } = parse(committed) as { readonly data: Readonly<Record<string, string>> };
const text = (path: string): string => readFileSync(join(tree, path), "utf8");

test("the patch of argocd-cm that is committed is the one that the scripts make", () => {
  expect(committed).toBe(argocdPatch(tree));
});

test("every script of the tree stands in the patch, letter by letter", () => {
  const scripts = globSync("**/*.lua", { cwd: tree });
  expect(scripts.length).toBe(8);
  for (const script of scripts) {
    const [group = "", kind = ""] = script.split("/");
    const what = basename(script) === "health.lua" ? "health" : "actions";
    const setting = data[`resource.customizations.${what}.${group}_${kind}`] ?? "";
    if (what === "health") expect(setting).toBe(text(script));
    else {
      const { definitions, ...actions } = parse(setting) as {
        readonly "discovery.lua": string;
        readonly definitions: readonly { readonly name: string; readonly "action.lua": string }[];
      };
      const name = basename(dirname(script));
      const found =
        basename(script) === "discovery.lua"
          ? actions["discovery.lua"]
          : definitions.find((definition) => definition.name === name)?.["action.lua"];
      expect(found).toBe(text(script));
    }
  }
});

test("no script asks for a library that Argo CD does not give to it", () => {
  for (const script of globSync("**/*.lua", { cwd: tree }))
    expect(text(script)).not.toMatch(/\bstring\.|\bmath\.|:\w+\(|\bio\./);
});
