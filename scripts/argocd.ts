/** The scripts of `manifests/argocd/resource_customizations` as Argo CD reads them from its ConfigMap. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

const text = (path: string): string => readFileSync(path, "utf8");
const folders = (path: string): readonly string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort()
    : [];
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, blockQuote: "literal" });

/** The data of argocd-cm: per kind its health, and its actions as one text. */
export function settingsOf(tree: string): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const group of folders(tree))
    for (const kind of folders(join(tree, group))) {
      const dir = join(tree, group, kind);
      settings[`resource.customizations.health.${group}_${kind}`] = text(join(dir, "health.lua"));
      const actions = join(dir, "actions");
      const definitions = folders(actions)
        .filter((name) => name !== "testdata")
        .map((name) => ({ name, "action.lua": text(join(actions, name, "action.lua")) }));
      if (definitions.length > 0)
        settings[`resource.customizations.actions.${group}_${kind}`] = yaml({
          "discovery.lua": text(join(actions, "discovery.lua")),
          definitions,
        });
    }
  return settings;
}

export const argocdPatch = (tree: string): string =>
  "# Written by `npm run generate` from resource_customizations: what Argo CD shows of ASHAT's kinds, and what can be done there.\n" +
  yaml({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-cm", namespace: "argocd" },
    data: settingsOf(tree),
  });
