import { describe, expect, test } from "vitest";
import { inOrder, readManifests, said, withoutDuplicates } from "./manifests.ts";
import { Refusal } from "./refusal.ts";

const files = (...texts: readonly string[]) => new Map(texts.map((text, index) => [`app/${index}.yaml`, text]));
const map = (name: string, more = "") => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\n`;
const names = (given: ReadonlyMap<string, string>, folder = "app") => readManifests(given, folder).map(said);

describe("manifests of an artifact", () => {
  test("are those below the folder, by every name of YAML and JSON, several in a file, lists as what is in them", () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${map("c").trim().replaceAll("\n", "\n  ")}\n`;
    const given = new Map([
      ["app/a.yaml", `---\n${map("a")}---\n# nothing\n---\n${map("b", ", namespace: shop")}...\n`],
      ["app/deep/c.yml", list],
      ["app/d.json", '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}}'],
      ["app/README.md", "not one"],
      ["application/e.yaml", map("e")],
      ["ashat.json", "{}"],
    ]);
    expect(names(given)).toEqual(["ConfigMap a", "ConfigMap shop/b", "ConfigMap d", "ConfigMap c"]);
    expect(names(given, "./application/")).toEqual(["ConfigMap e"]);
    expect(names(given, ".")).toHaveLength(5);
  });

  test("may use anchors and merges, and octal numbers as everywhere in Kubernetes", () => {
    const data = 'data: {one: &x "on", two: *x, three: "010", four: 22:22}';
    const more = "base: &b {mode: 0644, other: 0o644, big: 1e3}\nmode: {<<: *b, other: 7}";
    const [first] = readManifests(files(`${map("a")}${data}\n${more}\n`), "app");
    expect(first?.["data"]).toEqual({ one: "on", two: "on", three: "010", four: "22:22" });
    expect(first?.["mode"]).toEqual({ mode: 420, other: 7, big: 1000 });
  });

  const bad: readonly (readonly [string, ReadonlyMap<string, string>, RegExp])[] = [
    ["none at all", new Map([["other/a.yaml", map("a")]]), /no manifest.*under app.*spec\.kubernetes\.path/],
    [
      "a kustomization",
      new Map([["app/kustomization.yaml", "resources: []"]]),
      /app\/kustomization\.yaml is for kustomize.*kubectl kustomize/,
    ],
    [
      "a kustomization deep inside",
      new Map([
        ["app/x/kustomization.yml", ""],
        ["app/a.yaml", map("a")],
      ]),
      /kustomize/,
    ],
    [
      "a kustomization without an ending",
      new Map([
        ["app/Kustomization", ""],
        ["app/a.yaml", map("a")],
      ]),
      /kustomize/,
    ],
    ["YAML that is none", files("a: [secret"), /app\/0\.yaml is not YAML \(.*line 1\)/],
    ["a key twice", files(`${map("a")}kind: Secret\n`), /DUPLICATE_KEY/],
    ["a word that is a truth value to others", files(`${map("a")}data: {on: yes}\n`), /a bare on.*quote it/],
    ["a number that JSON does not hold", files(`${map("a")}value: 12345678901234567890\n`), /cannot hold exactly/],
    ["a number without end", files(`${map("a")}value: .inf\n`), /cannot hold exactly/],
    ["a document that is no object", files("just: words\n"), /apiVersion and kind are missing/],
    [
      "an object without a name",
      files("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n"),
      /metadata\.name/,
    ],
    ["a name that leads elsewhere", files(map('"../secrets/x"')), /metadata\.name/],
    ["a namespace that leads elsewhere", files(map("a", ', namespace: "../x"')), /namespace that is no name/],
    [
      "kinds of our own",
      files("apiVersion: ashat.raos.io/v1alpha1\nkind: Server\nmetadata: {name: x}\n"),
      /does not make updates, targets or records/,
    ],
    ["what was exported from a cluster", files(map("a", ", managedFields: []")), /exported/],
    ["annotations that are no texts", files(map("a", ", annotations: {a: 1}")), /quote them/],
    [
      "aliases without end",
      files(
        `x: &a [1,1,1,1,1,1,1,1,1]\n${Array.from("bcdefghi")
          .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(",")}]`)
          .join("\n")}\n`,
      ),
      /aliases/,
    ],
    ["too many objects", files(...Array.from({ length: 1001 }, (_, i) => map(`a-${i}`))), /more than 1000/],
  ];
  test.each(bad)("with %s are refused as a whole", (_, given, words) => {
    const read = () => readManifests(given, "app");
    expect(read).toThrow(Refusal);
    expect(read).toThrow(words);
    expect(read).not.toThrow(/secret/);
  });

  test("that name one object twice are refused, also in two versions of its kind", () => {
    const twice = ["apps/v1", "apps/v1beta1"].map(
      (version) => `apiVersion: ${version}\nkind: Deployment\nmetadata: {name: a}\n`,
    );
    expect(() => withoutDuplicates(readManifests(files(...twice), "app"))).toThrow(
      /Deployment a is in the artifact twice/,
    );
  });

  test("are applied from what holds others to what needs them", () => {
    const kinds = [
      "Deployment",
      "Service",
      "ValidatingWebhookConfiguration",
      "ConfigMap",
      "Role",
      "CustomResourceDefinition",
      "Namespace",
    ];
    const given = kinds.map((kind) => ({ apiVersion: "v1", kind, metadata: { name: "x" } }));
    expect(inOrder(given).map(({ kind }) => kind)).toEqual([
      "Namespace",
      "CustomResourceDefinition",
      "Role",
      "ConfigMap",
      "Service",
      "Deployment",
      "ValidatingWebhookConfiguration",
    ]);
  });
});
