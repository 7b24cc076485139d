import { collection, pathOf, type Thing } from "./objects.ts";
import { APPROVAL, AUTHOR, type Change, keyOf, type Row, STAMP, stampOf, type Stamps, TOKEN, type Way } from "./row.ts";
import type { Asked } from "./voice.ts";

const MEDIA: Partial<Readonly<Record<Way, string>>> = {
  "json-patch": "application/json-patch+json",
  "merge-patch": "application/merge-patch+json",
  "strategic-patch": "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
  "forced-apply": "application/apply-patch+yaml",
};

/** Where a change lands in the object, and what stands there then; null takes it away. */
type Edit = readonly [path: readonly string[], value: unknown];

const annotation = (key: string, value: string | null): Edit => [["metadata", "annotations", key], value];

const edits = (change: Change, owner: object): readonly Edit[] => {
  switch (change.what) {
    case "act":
      return [annotation(keyOf(change), change.value)];
    case "withdraw":
      return [annotation(APPROVAL, null)];
    case "remove-stamp":
      return [annotation(STAMP, null)];
    case "remove-author":
      return [annotation(AUTHOR, null)];
    case "forge-stamp":
      return [annotation(STAMP, "somebody")];
    case "invent-stamp":
      return [annotation("by.ashat.raos.io/approve.omega.invented", "somebody")];
    case "forge-author":
      return [annotation(AUTHOR, "somebody")];
    case "spec":
      return [[["spec", "description"], "Another update"]];
    case "label":
      return [[["metadata", "labels", "added"], "yes"]];
    case "finalizer":
      return [[["metadata", "finalizers"], ["example.com/hold"]]];
    case "owner":
      return [[["metadata", "ownerReferences"], [owner]]];
    case "note":
      return [annotation("example.com/note", "added")];
    default:
      return change satisfies never;
  }
};

type Tree = { [key: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

const put = (tree: Tree, [first = "", ...rest]: readonly string[], value: unknown, keepNull: boolean): void => {
  if (rest.length > 0) {
    const inner = isTree(tree[first]) ? tree[first] : {};
    tree[first] = inner;
    put(inner, rest, value, keepNull);
  } else if (value === null && !keepNull) delete tree[first];
  else tree[first] = value;
};

const pointer = (path: readonly string[]): string =>
  path.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** A client of servers that cannot stamp says itself who acts, unless what it says stands there already. */
const honest = (row: Row, stamps: Stamps, user: string): readonly Edit[] =>
  stamps === "ApiServer"
    ? []
    : row.changes.flatMap((change) =>
        change.what === "act" &&
        !(row.on.part === "object" && row.on.approved === true && keyOf(change) === APPROVAL && change.value === TOKEN)
          ? [annotation(stampOf(change), user)]
          : [],
      );

/** The request of a row. `stored` is what is there now, or for a creation what is to be. */
export function requestOf(row: Row, stored: Thing, stamps: Stamps, user: string, owner: object): Asked {
  const { way, on, who } = row;
  const query = new URLSearchParams({
    fieldManager: who,
    ...(row.dryRun && { dryRun: "All" }),
    ...(way === "forced-apply" && { force: "true" }),
  });
  const list: readonly Edit[] =
    on.part === "status"
      ? [[["status"], { message: "forged" }]]
      : [...honest(row, stamps, user), ...row.changes.flatMap((change) => edits(change, owner))];
  const { apiVersion, kind, metadata } = stored;
  const whole = (): Tree => {
    const copy = structuredClone(stored) as unknown as Tree;
    for (const [path, value] of list) put(copy, path, value, false);
    return copy;
  };
  const partial = (base: Tree, keepNull: boolean): Tree => {
    for (const [path, value] of list) put(base, path, value, keepNull);
    return base;
  };
  const at = `${pathOf(on.kind, metadata, on.part)}?${query.toString()}`;
  const contentType = MEDIA[way] ?? "application/json";
  switch (way) {
    case "create":
      return { method: "POST", path: `${collection(on.kind, metadata.namespace)}?${query.toString()}`, body: whole() };
    case "put":
      return { method: "PUT", path: at, body: whole() };
    case "merge-patch":
    case "strategic-patch":
      return { method: "PATCH", path: at, contentType, body: partial({}, true) };
    case "json-patch":
      return {
        method: "PATCH",
        path: at,
        contentType,
        body: list.map(([path, value]) =>
          value === null ? { op: "remove", path: pointer(path) } : { op: "add", path: pointer(path), value },
        ),
      };
    case "apply":
    case "forced-apply":
      return {
        method: "PATCH",
        path: at,
        contentType,
        body: partial({ apiVersion, kind, metadata: { name: metadata.name, namespace: metadata.namespace } }, false),
      };
    case "delete":
      return { method: "DELETE", path: at };
    case "deletecollection":
      return {
        method: "DELETE",
        path: `${collection(on.kind, metadata.namespace)}?${query.toString()}&labelSelector=made%3D${metadata.labels?.["made"] ?? ""}`,
      };
    default:
      return way satisfies never;
  }
}
