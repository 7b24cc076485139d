import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, visit, type YAMLMap } from "yaml";
import { GitRefusal } from "../refusal.ts";
import { documentIndex } from "./documents.ts";
import { type Place, type Step, written } from "./place.ts";
import type { Source } from "./source.ts";

/** A value as it stands in the text, or the map in which its key would stand. */
export interface Spot {
  readonly document: number;
  /** The same path with positions instead of names. */
  readonly keys: readonly (string | number)[];
  readonly parent: YAMLMap | undefined;
  readonly found: { readonly node: Scalar; readonly start: number; readonly end: number } | undefined;
}

const TEXT = "tag:yaml.org,2002:str";

const keyText = (pair: Pair): string | undefined =>
  isScalar(pair.key) ? String(pair.key.value) : typeof pair.key === "string" ? pair.key : undefined;

export const pairOf = (map: YAMLMap, key: string): Pair | undefined => map.items.find((pair) => keyText(pair) === key);

export const itemName = (node: unknown): string | undefined => {
  const name = isMap(node) ? pairOf(node, "name")?.value : undefined;
  return isScalar(name) && typeof name.value === "string" ? name.value : undefined;
};

const startOf = (node: unknown): number => (node as Node | undefined)?.range?.[0] ?? 0;

/** Finds a scalar; refuses what more than one place shares, because changing it here would change it there. */
export function locate(source: Source, { document: named, path }: Place): Spot {
  const document = documentIndex(source, named);
  const tree = source.documents[document];
  const at = (node: unknown): string => `${source.file}, line ${source.lineOf(startOf(node))}`;
  const shared = new Set<string>();
  if (tree !== undefined) visit(tree, { Alias: (_, alias) => void shared.add(alias.source) });

  const refuseShared = (node: unknown): void => {
    const anchor = (node as Partial<Scalar> | null | undefined)?.anchor;
    if (isAlias(node))
      throw new GitRefusal(
        "SharedValue",
        `${at(node)}: ${written(path)} comes from *${node.source}, which stands elsewhere; nothing is written where more than one place would change. Write the value out here.`,
      );
    if (anchor !== undefined && shared.has(anchor))
      throw new GitRefusal(
        "SharedValue",
        `${at(node)}: ${written(path)} is part of &${anchor}, which is used elsewhere by *${anchor}; nothing is written where more than one place would change. Write the value out at each place.`,
      );
  };

  let node: unknown = tree?.contents;
  let parent: YAMLMap | undefined;
  const keys: (string | number)[] = [];
  for (const [depth, step] of path.entries()) {
    refuseShared(node);
    const missing = (): GitRefusal => noSuch(source, at(node), path.slice(0, depth + 1), node);
    const next = stepInto(node, step);
    if (next === undefined) {
      const last = depth === path.length - 1;
      if (last && isMap(node) && typeof step === "string")
        return { document, keys: [...keys, step], parent: node, found: undefined };
      throw missing();
    }
    parent = isMap(node) ? node : undefined;
    node = next.value;
    keys.push(next.key);
  }
  refuseShared(node);
  if (!isScalar(node) || !node.range) {
    const what = isMap(node) ? "a map" : isSeq(node) ? "a list" : "nothing";
    throw new GitRefusal(
      "NotAScalar",
      `${at(node)}: ${written(path)} is ${what}, not a single value. Point the change to one value in it.`,
    );
  }
  if (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED")
    throw new GitRefusal(
      "NotAScalar",
      `${at(node)}: ${written(path)} is a block of text (| or >). Write it on one line, so that it can be changed.`,
    );
  if (node.tag !== undefined && node.tag !== TEXT)
    throw new GitRefusal(
      "NotAScalar",
      `${at(node)}: ${written(path)} has the tag ${node.tag}, and it is not known what may stand there then. Take the tag away.`,
    );
  return { document, keys, parent, found: { node, start: node.range[0], end: node.range[1] } };
}

function stepInto(node: unknown, step: Step): { readonly key: string | number; readonly value: unknown } | undefined {
  if (isMap(node)) {
    if (typeof step === "object") return undefined;
    const key = String(step);
    const pair = pairOf(node, key);
    return pair === undefined ? undefined : { key, value: pair.value };
  }
  if (!isSeq(node)) return undefined;
  const named = node.items.flatMap((item, index) =>
    typeof step === "object" && itemName(item) === step.name ? [index] : [],
  );
  const index = typeof step === "object" ? (named.length === 1 ? named[0] : undefined) : Number(step);
  if (index === undefined || !Number.isInteger(index) || index < 0 || index >= node.items.length) return undefined;
  return { key: index, value: node.items[index] };
}

function noSuch({ file }: Source, at: string, path: readonly Step[], node: unknown): GitRefusal {
  const merged = isMap(node) && pairOf(node, "<<") !== undefined;
  const where = node === null || node === undefined ? file : at;
  return new GitRefusal(
    "PathMissing",
    `${where}: there is no ${written(path)}${merged ? " of its own here, only what is merged in by <<" : ""}. Correct the change of the Server, or add it to the file.`,
  );
}
