import { isMap, isSeq } from "yaml";
import type { Change } from "../../../api/git-target.ts";
import { GitRefusal } from "../refusal.ts";
import { documentName, theDocument } from "./documents.ts";
import { itemName, pairOf } from "./locate.ts";
import type { Step, Wanted } from "./place.ts";
import type { Source } from "./source.ts";
import { filled, type Values } from "./values.ts";

/** Dots part the keys; one that belongs to a key is written `\.`, as `helm --set` has it. */
export const helmPath = (key: string): readonly string[] =>
  (key.match(/(\\.|[^.\\])+/g) ?? []).map((part) => part.replace(/\\(.)/g, "$1"));

export const pointerPath = (pointer: string): readonly string[] => {
  if (!pointer.startsWith("/"))
    throw new GitRefusal(
      "PathMissing",
      `The path ${pointer} in the change of the Server is no JSON pointer: begin it with "/".`,
    );
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
};

/** Positions in lists become names where items have them, so that they hold when one is added before. */
function stepsOf(source: Source, document: number, path: readonly string[]): readonly Step[] {
  let node: unknown = source.documents[document]?.contents;
  return path.map((part): Step => {
    if (isMap(node)) {
      node = pairOf(node, part)?.value;
      return part;
    }
    if (!isSeq(node) || !/^\d+$/.test(part)) return part;
    const names = node.items.map(itemName);
    const name = names[Number(part)];
    node = node.items[Number(part)];
    return name !== undefined && names.filter((other) => other === name).length === 1 ? { name } : Number(part);
  });
}

const wanted = (source: Source, index: number, path: readonly string[], value: string): readonly Wanted[] => [
  { place: { document: documentName(source, index), path: stepsOf(source, index, path) }, value },
];

export const helmValue = (
  source: Source,
  { key, value }: NonNullable<Change["helmValue"]>,
  values: Values,
): readonly Wanted[] => wanted(source, theDocument(source, undefined, undefined), helmPath(key), filled(value, values));

export const yamlPath = (
  source: Source,
  { kind, name, path, value }: NonNullable<Change["yaml"]>,
  values: Values,
): readonly Wanted[] => wanted(source, theDocument(source, kind, name), pointerPath(path), filled(value, values));
