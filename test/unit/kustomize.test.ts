import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { crd, KINDS } from "../../src/api/crds.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
}

const specOf = (kind: string): Schema => {
  const words = KINDS.find((known) => known.kind === kind);
  if (words === undefined) throw new Error(`no kind ${kind}`);
  const { spec } = JSON.parse(JSON.stringify(crd(words))) as {
    readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
  };
  return spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"] ?? {};
};

/** Every place below that names another object by a word that says so. */
const namesIn = ({ properties = {} }: Schema, path: string): readonly string[] =>
  Object.entries(properties).flatMap(([name, schema]) => {
    const here = `${path}/${name}`;
    if (/[rR]ef$/.test(name) && schema.properties?.["name"] !== undefined) return [`${here}/name`];
    return name === "serviceAccountName" || name === "omega" ? [here] : namesIn(schema, here);
  });

test("every place where a Server or a Mainframe names another object is known to kustomize", () => {
  const file = new URL("../../manifests/components/references/references.yaml", import.meta.url);
  const { nameReference } = parse(readFileSync(file, "utf8")) as {
    readonly nameReference: readonly {
      readonly fieldSpecs: readonly { readonly kind: string; readonly path: string }[];
    }[];
  };
  const known = nameReference.flatMap(({ fieldSpecs }) => fieldSpecs).map(({ kind, path }) => `${kind} ${path}`);
  const there = ["Server", "Mainframe"].flatMap((kind) =>
    namesIn(specOf(kind), "spec").map((path) => `${kind} ${path}`),
  );
  expect(there.length).toBeGreaterThan(10);
  expect(known).toEqual(expect.arrayContaining([...there]));
});

test("nothing of an update can change but what kustomize puts there and nobody reads", () => {
  const { properties = {}, "x-kubernetes-validations": rules = [] } = specOf("Deployment");
  const { rule = "" } = rules.find(({ message }) => message.startsWith("an update never changes")) ?? {};
  const free = Object.keys(properties).filter((field) => !rule.includes(`self.${field} == oldSelf.${field}`));
  expect(free).toEqual(["selector", "template", "replicas"]);
});
