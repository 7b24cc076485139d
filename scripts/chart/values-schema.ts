import { z } from "zod";
import { Values } from "./values.ts";

/** A node of the JSON schema, as far as it is read here. */
export interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly [keyword: string]: unknown;
}

export const VALUES_SCHEMA: Node = {
  ...(z.toJSONSchema(Values, { target: "draft-7", io: "input", reused: "inline" }) as Node),
  title: "Values of the chart ashat",
};

export interface Row {
  readonly path: readonly string[];
  readonly node: Node;
}

/** Every value that can be said, with the groups above it, in the order of the schema. */
export const rows = (node: Node = VALUES_SCHEMA, path: readonly string[] = []): readonly Row[] =>
  Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    if (!isGroup(child) && child.default === undefined) return [];
    const here = [...path, name];
    return [{ path: here, node: child }, ...rows(child, here)];
  });

/** Objects whose fields are not ours to know are values, not groups. */
export const isGroup = ({ properties = {} }: Node): boolean => Object.keys(properties).length > 0;
