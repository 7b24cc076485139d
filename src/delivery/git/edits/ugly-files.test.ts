import { expect, test } from "vitest";
import type { Change } from "../../../api/git-target.ts";
import { wantedBy } from "./change.ts";
import { parseSource } from "./source.ts";
import { putBack, read, write } from "./write.ts";

const NEW = `sha256:${"b".repeat(64)}`;
const OLD = `sha256:${"a".repeat(64)}`;
const values = { app: "shop", layer: "main", version: "2.0.0", digest: NEW, ref: "r.example/ra" };

const edited = (text: string, change: Change, given: Readonly<Record<string, string>> = values): string => {
  let source = parseSource("f.yaml", text);
  for (const wanted of wantedBy(source, change, given)) source = parseSource("f.yaml", write(source, wanted));
  return source.text;
};

const kustomize: Change = { kustomizeImage: { file: "f.yaml" } };
const image: Change = { image: { file: "f.yaml" } };
const helm = (key: string, value = "{version}"): Change => ({ helmValue: { file: "f.yaml", key, value } });
const yaml = (path: string, more: Partial<NonNullable<Change["yaml"]>> = {}): Change => ({
  yaml: { file: "f.yaml", path, value: "{version}", ...more },
});

/** Lines that are not in both, without their ends. */
const changed = (before: string, after: string) => {
  const [a, b] = [before.split("\n"), after.split("\n")];
  return { gone: a.filter((line) => !b.includes(line)), come: b.filter((line) => !a.includes(line)) };
};

const POD = (container: string): string => `apiVersion: apps/v1
kind: Deployment   # of apps
metadata: { name: shop,   labels: {a: "1"} }


spec:
    template:
        spec:
            # the shop itself
            containers:
            - name: shop
${container}
              env: [ {name: A, value: 'b'}, ]
`;

const rows: readonly (readonly [string, string, Change, readonly string[], readonly string[]])[] = [
  [
    "a kustomization with comments and odd indents",
    `# mine\nimages:\n    # the shop\n    -   name: r.example/ra   # here\n        newTag: 1.0.0    # and here\n        digest: ${OLD}\n\n\nresources: [a,   b]\n`,
    kustomize,
    ["        newTag: 1.0.0    # and here", `        digest: ${OLD}`],
    ["        newTag: 2.0.0    # and here", `        digest: ${NEW}`],
  ],
  [
    "a kustomization without a digest and without an end of its last line",
    'images:\n- name: other\n  newTag: 1.0.0\n- newName: mirror/ra\n  name: r.example/ra\n  newTag: "1.0.0" # tag',
    kustomize,
    ['  newTag: "1.0.0" # tag'],
    ['  newTag: "2.0.0" # tag', `  digest: ${NEW}`],
  ],
  [
    "a kustomization with the ends of lines of Windows",
    "images:\r\n- name: r.example/ra\r\n  newTag: '1.0.0'\r\nresources:\r\n- a\r\n",
    kustomize,
    ["  newTag: '1.0.0'\r"],
    ["  newTag: '2.0.0'\r", `  digest: ${NEW}\r`],
  ],
  [
    "a kustomization whose entry is in braces",
    "images: [ {name: x}, {name: r.example/ra, newTag: 1.0.0 } ]   # end\n",
    kustomize,
    ["images: [ {name: x}, {name: r.example/ra, newTag: 1.0.0 } ]   # end"],
    [`images: [ {name: x}, {name: r.example/ra, newTag: 2.0.0, digest: "${NEW}" } ]   # end`],
  ],
  [
    "a kustomization in JSON",
    '{"images": [\n  {"name": "r.example/ra",\n   "newTag": "1.0.0"}\n]}',
    kustomize,
    ['   "newTag": "1.0.0"}'],
    [`   "newTag": "2.0.0", "digest": "${NEW}"}`],
  ],
  [
    "a manifest among others, by its image",
    `---\n${POD('              image: "r.example/ra:1.0.0"  # keep')}---\nkind: Service\nspec: {image: r.example/ra:1.0.0}\n...\n# the end\n`,
    image,
    ['              image: "r.example/ra:1.0.0"  # keep'],
    [`              image: "r.example/ra:2.0.0@${NEW}"  # keep`],
  ],
  [
    "a manifest whose registry has a port",
    POD("              image: r.example:5000/ra:1.0.0"),
    { image: { file: "f.yaml", name: "r.example:5000/ra" } },
    ["              image: r.example:5000/ra:1.0.0"],
    [`              image: r.example:5000/ra:2.0.0@${NEW}`],
  ],
  [
    "values with anchors elsewhere",
    "base: &base\n  a: 1\nimage:\n  <<: *base\n  tag: 1.0.0\nother: *base\n",
    helm("image.tag"),
    ["  tag: 1.0.0"],
    ["  tag: 2.0.0"],
  ],
  [
    "a value that is a number",
    "replicas: 3 # three\n",
    helm("replicas", "4"),
    ["replicas: 3 # three"],
    ["replicas: 4 # three"],
  ],
  ["a text that looks like a number", "tag: v1\n", helm("tag", "10"), ["tag: v1"], ['tag: "10"']],
  ["a text that is true for old readers", "tag: v1\n", helm("tag", "yes"), ["tag: v1"], ['tag: "yes"']],
  [
    "a text that is a time of day for old readers",
    "tag: v1\n",
    helm("tag", "12:30:45"),
    ["tag: v1"],
    ['tag: "12:30:45"'],
  ],
  [
    "a value that is not there yet",
    "image:\n  tag:   # none\n",
    helm("image.tag"),
    ["  tag:   # none"],
    ["  tag:   2.0.0 # none"],
  ],
  ["a value that ends the file with nothing", "image:\n  tag:", helm("image.tag"), ["  tag:"], ["  tag: 2.0.0"]],
  ["an anchor and no value", "tag: &a\nb: 1\n", helm("tag"), ["tag: &a"], ["tag: &a 2.0.0"]],
  [
    "a value that is null",
    "image: {tag: ~, a: b}\n",
    helm("image.tag"),
    ["image: {tag: ~, a: b}"],
    ["image: {tag: 2.0.0, a: b}"],
  ],
  ["a value over two lines", "a: x\ntag: one\n  two # c\n", helm("tag"), ["tag: one", "  two # c"], ["tag: 2.0.0 # c"]],
  ["a key with dots", "a.b:\n  c: '1'\n", helm("a\\.b.c"), ["  c: '1'"], ["  c: '2.0.0'"]],
  ["a file with a byte order mark", "\ufefftag: 1.0.0\n", helm("tag"), ["\ufefftag: 1.0.0"], ["\ufefftag: 2.0.0"]],
  ["a value with an anchor nobody uses", "tag: &t 1.0.0\n", helm("tag"), ["tag: &t 1.0.0"], ["tag: &t 2.0.0"]],
  [
    "one document of several, by kind and name",
    "kind: A\nmetadata: {name: x}\nspec: {tag: '1'}\n---\nkind: B\nmetadata: {name: x}\nspec: {tag: '1', list: [{name: n, v: 1.0.0}]}\n",
    yaml("/spec/list/0/v", { kind: "B", name: "x" }),
    ["spec: {tag: '1', list: [{name: n, v: 1.0.0}]}"],
    ["spec: {tag: '1', list: [{name: n, v: 2.0.0}]}"],
  ],
  ["a pointer with a slash in a key", "a/b: {c~d: x}\n", yaml("/a~1b/c~0d"), ["a/b: {c~d: x}"], ["a/b: {c~d: 2.0.0}"]],
];

test.each(rows)("of %s only what is meant changes", (_, before, change, gone, come) => {
  const after = edited(before, change);
  expect(changed(before, after)).toEqual({ gone, come });
  expect(edited(after, change)).toBe(after);
});

test.each(rows)("what was written into %s is taken back to the byte", (_, before, change) => {
  const source = parseSource("f.yaml", before);
  const places = wantedBy(source, change, values).map(({ place }) => ({ place, was: read(source, place) }));
  const back = places
    .toReversed()
    .reduce((text, { place, was }) => putBack(parseSource("f.yaml", text), place, was), edited(before, change));
  expect(parseSource("f.yaml", back).documents.map((document) => document.toJS() as unknown)).toEqual(
    source.documents.map((document) => document.toJS() as unknown),
  );
  // Of an empty value the space that came with the new one stays.
  if (places.every(({ was }) => was?.raw !== "")) expect(back).toBe(before);
});

test.each<readonly [string, string, Change, string, string]>([
  ["a value from an alias", "a: &t 1.0.0\ntag: *t\n", helm("tag"), "SharedValue", "f.yaml, line 2: /tag comes from *t"],
  [
    "a value that aliases use",
    "tag: &t 1.0.0\nb: *t\n",
    helm("tag"),
    "SharedValue",
    "f.yaml, line 1: /tag is part of &t",
  ],
  ["a value in a map that aliases use", "a: &m\n  tag: 1\nb: *m\n", helm("a.tag"), "SharedValue", "is part of &m"],
  ["a value in a map that is an alias", "a: &m {tag: 1}\nb: *m\n", helm("b.tag"), "SharedValue", "comes from *m"],
  [
    "a value that is merged in",
    "a: &m {tag: 1}\nb:\n  <<: *m\n  c: 1\n",
    helm("b.tag"),
    "PathMissing",
    "only what is merged in by <<",
  ],
  [
    "a path that is not there",
    "image:\n  name: x\n",
    helm("image.tag"),
    "PathMissing",
    "f.yaml, line 2: there is no /image/tag",
  ],
  [
    "a path that is a map",
    "image:\n  tag: {a: 1}\n",
    helm("image.tag"),
    "NotAScalar",
    "f.yaml, line 2: /image/tag is a map",
  ],
  ["a path that is a list", "image: [1]\n", helm("image"), "NotAScalar", "is a list"],
  ["a path through a text", "image: x\n", helm("image.tag"), "PathMissing", "there is no /image/tag"],
  ["a block of text", "tag: |\n  1.0.0\n", helm("tag"), "NotAScalar", "Write it on one line"],
  [
    "a key that stands twice",
    "a: 1\ntag: 1\ntag: 2\n",
    helm("tag"),
    "FileUnreadable",
    "f.yaml, line 3: the same key stands twice",
  ],
  ["a file that is no YAML", "a: 1\nb: [1,\n", helm("a"), "FileUnreadable", "this is not YAML"],
  ["a template", "a: 1\n{{ if .Values.b }}\nb: 1\n{{ end }}\n", helm("a"), "FileUnreadable", "f.yaml, line"],
  ["an empty file", "# nothing\n", helm("a"), "PathMissing", "f.yaml has no document"],
  ["two documents and no word which", "a: 1\n---\na: 2\n", yaml("/a"), "PathMissing", "has 2 of this"],
  ["a kind that is not there", "kind: A\n", yaml("/a", { kind: "B" }), "PathMissing", "no document of kind B"],
  ["an image that is not there", POD("              image: other:1"), image, "PathMissing", "(there: other)"],
  [
    "an entry that is not there",
    "images: [{name: x}]\n",
    kustomize,
    "PathMissing",
    "no entry r.example/ra in images (there: x)",
  ],
  [
    "an entry that stands twice",
    "images: [{name: r.example/ra}, {name: r.example/ra}]\n",
    kustomize,
    "PathMissing",
    "2 entries",
  ],
  [
    "a word of another artifact",
    "tag: a\n",
    helm("tag", "{commit}"),
    "ValueMissing",
    "{commit} in the change of the Server is known of a git artifact only",
  ],
  ["a word nobody knows", "tag: a\n", helm("tag", "{versoin}"), "ValueMissing", "{versoin}"],
  ["a value with a type of its own", "tag: !!float 1.0\n", helm("tag"), "NotAScalar", "Take the tag away"],
  ["an entry in odd YAML", "images:\n- ? name\n  : r.example/ra\n", kustomize, "FileUnreadable", "cannot be changed"],
  [
    "an entry without braces in a list",
    "images: [name: r.example/ra]\n",
    kustomize,
    "FileUnreadable",
    "cannot be changed",
  ],
  [
    "a small file that is a great many values",
    `tag: 1\nx: [${"1,".repeat(200_000)}]\n`,
    helm("tag"),
    "FileTooLarge",
    "words",
  ],
  [
    "a key twice among very many",
    `${Array.from({ length: 9_000 }, (_, i) => `k${i}: 1\n`).join("")}k1: 2\ntag: 1\n`,
    helm("tag"),
    "FileUnreadable",
    "line 9001: the same key stands twice",
  ],
  ["a path that is no pointer", "tag: a\n", yaml("tag"), "PathMissing", "no JSON pointer"],
  [
    "aliases that grow without end",
    `a0: &a0 [${"x,".repeat(20)}]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`).join("")}tag: 1\n`,
    helm("tag"),
    "FileUnreadable",
    "aliases",
  ],
])("%s is refused with a sentence", (_, text, change, reason, words) => {
  const { ref, ...archive } = values;
  expect(ref).toBeDefined();
  const given = change.kustomizeImage || change.image ? values : archive;
  let refusal: unknown;
  try {
    edited(text, change, given);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ name: "GitRefusal", reason });
  expect((refusal as Error).message).toContain(words);
  expect((refusal as Error).message).toMatch(/[.]$/);
});
