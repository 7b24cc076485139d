import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { crd, KINDS } from "../../src/api/crds.ts";
import { POLICIES } from "../../src/api/policies.ts";
import { RBAC_OBJECTS } from "../../src/api/rbac.ts";
import { chartYaml } from "./chart-yaml.ts";
import type { Documents } from "./kustomization.ts";
import { chartReadme } from "./readme.ts";
import { VALUES_SCHEMA } from "./values-schema.ts";
import { valuesYaml } from "./values-yaml.ts";

const yaml = (value: unknown): string => stringify(value, { lineWidth: 120, aliasDuplicateObjects: false });

/** The kinds that people write, as the smallest manifests of them that are tested. */
const examples = (): readonly unknown[] =>
  ["deployment", "server", "mainframe"].map((kind): unknown =>
    parse(readFileSync(new URL(`../../test/apiserver/golden/${kind}.yaml`, import.meta.url), "utf8")),
  );

/** Writes what of the chart is generated: all but its templates. */
export function writeChart(dir: string, documents: Documents): void {
  const { version, description } = manifest;
  const files: Readonly<Record<string, string>> = {
    "Chart.yaml": yaml(chartYaml({ version, description, examples: examples(), yaml })),
    "README.md": chartReadme(),
    "values.yaml": valuesYaml(),
    "values.schema.json": `${JSON.stringify(VALUES_SCHEMA, undefined, 2)}\n`,
    "files/rbac.yaml": documents("What the operator may, and the roles to give to people.", RBAC_OBJECTS),
    "files/policies.yaml": documents("Who may act on an update, and who did.", POLICIES),
    ...Object.fromEntries(KINDS.map((words) => [`files/crds/${words.plural}.yaml`, yaml(crd(words))])),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}
