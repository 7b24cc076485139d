import { describe, expect, test } from "vitest";
import { inOrder, readManifests, said, withoutDuplicates } from "./manifests.ts";
import { Refusal } from "./refusal.ts";

const files = (...texts: readonly string[]) => new Map(texts.map((text, index) => [`app/${index}.yaml`, text]));
const map = (name: string, more = "") => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\n`;
const never = new AbortController().signal;
const read = (given: ReadonlyMap<string, string>, folder = "app") => readManifests(given, folder, never);
const names = async (given: ReadonlyMap<string, string>, folder?: string) => (await read(given, folder)).map(said);

describe("manifests of an artifact", () => {
  test("are those below the folder, by every name of YAML and JSON, several in a file, lists as what is in them", async () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${map("c").trim().replaceAll("\n", "\n  ")}\n`;
    const given = new Map([
      ["app/a.yaml", `---\n${map("a")}---\n# nothing\n---\n${map("b", ", namespace: shop")}...\n`],
      ["app/deep/c.yml", list],
      ["app/d.json", '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}}'],
      ["app/README.md", "not one"],
      ["application/e.yaml", map("e")],
      ["ashat.json", "{}"],
    ]);
    expect(await names(given)).toEqual(["ConfigMap a", "ConfigMap shop/b", "ConfigMap d", "ConfigMap c"]);
    expect(await names(given, "./application/")).toEqual(["ConfigMap e"]);
    expect(await names(given, ".")).toHaveLength(5);
  });

  test("may use anchors and merges, and octal numbers as everywhere in Kubernetes", async () => {
    const data = 'data: {one: &x "on", two: *x, three: "010", four: 22:22}';
    const more = "base: &b {mode: 0644, other: 0o644, big: 1e3}\nmode: {<<: *b, other: 7}";
    const [first] = await read(files(`${map("a")}${data}\n${more}\n`));
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
    ["a key twice, once as a number", files(`${map("a")}data: {1: a, "1": b}\n`), /DUPLICATE_KEY/],
    ["a key that is a map", files(`${map("a")}? {a: 1}\n: 2\n`), /KEY_IS_NO_TEXT, line 4/],
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
    [
      "a short text that aliases make a long one",
      files(`${map("a")}x: &a ${"x".repeat(500_000)}\nz: [${Array(20).fill("*a").join(",")}]\n`),
      /larger than 4194304 bytes by its aliases/,
    ],
    ["a small file that is a great many values", files(`x: [${"1,".repeat(500_000)}1]\n`), /more than 250000 words/],
    [
      "small files that are a great many values together",
      files(...Array.from({ length: 9 }, (_, n) => `${map(`a-${n}`)}x: [${"1,".repeat(60_000)}1]\n`)),
      /more than 1000000 words and signs together/,
    ],
    [
      "lists in lists in lists",
      files(`x: ${"[".repeat(100_000)}${"]".repeat(100_000)}\n`),
      /RESOURCE_EXHAUSTION, line 1/,
    ],
    [
      "a file that is too large",
      files(map("a"), `${map("b")}# ${"x".repeat(1024 * 1024)}\n`),
      /app\/1\.yaml is larger/,
    ],
    [
      "files that are too large together",
      files(...Array.from({ length: 9 }, (_, i) => `${map(`a-${i}`)}# ${"x".repeat(1_000_000)}\n`)),
      /larger than 8388608 bytes together/,
    ],
    ["too many objects", files(...Array.from({ length: 1001 }, (_, i) => map(`a-${i}`))), /more than 1000/],
  ];
  test.each(bad)("with %s are refused as a whole", async (_, given, words) => {
    const error: unknown = await read(given).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refusal);
    expect(String(error)).toMatch(words);
    expect(String(error)).not.toMatch(/secret/);
  });

  test("that name one object twice are refused, also in two versions of its kind", async () => {
    const twice = ["apps/v1", "apps/v1beta1"].map(
      (version) => `apiVersion: ${version}\nkind: Deployment\nmetadata: {name: a}\n`,
    );
    const both = await read(files(...twice));
    expect(() => withoutDuplicates(both)).toThrow(/Deployment a is in the artifact twice/);
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
