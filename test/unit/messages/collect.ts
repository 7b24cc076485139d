import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAst } from "vitest/node";
import { ANSWERING, CODE, NAMING, REFUSING, SAYING, STATES_ARE_REASONS, STATES_BECOME } from "./sayings.ts";

/** What the source can say: codes, and the literal parts of the sentence beside each of them. */
export interface Collected {
  /** Absent where the sentence is a part of others. */
  readonly code?: string;
  /** The literal parts of the sentence, in order; none where it comes from elsewhere. */
  readonly parts: readonly string[];
  readonly where: string;
}

type Node = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

const children = (node: Node): readonly Node[] =>
  Object.values(node).flatMap((value) => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []));

function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of children(node)) yield* walk(child);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const nodeAt = (node: Node, field: string): Node | undefined => {
  const value = node[field];
  return isNode(value) ? value : undefined;
};
const nodesAt = (node: Node, field: string): readonly Node[] => {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
};
const nameOf = (node: Node | undefined): string => (node?.type === "Identifier" ? text(node["name"]) : "");

/** Between two literal parts of a sentence. */
const GAP = "\0";

type Names = ReadonlyMap<string, readonly Node[]>;

interface File {
  readonly path: string;
  readonly source: string;
  readonly statements: readonly Node[];
  /** What the names at its top stand for. */
  readonly names: Names;
}

/** Each name as often as it is declared. */
function declared(nodes: Iterable<Node>): Names {
  const names = new Map<string, Node[]>();
  for (const node of nodes) {
    const init = node.type === "VariableDeclarator" ? nodeAt(node, "init") : undefined;
    const name = nameOf(nodeAt(node, "id"));
    if (init !== undefined && name !== "") names.set(name, [...(names.get(name) ?? []), init]);
  }
  return names;
}

const declarationOf = (statement: Node): Node => nodeAt(statement, "declaration") ?? statement;

function filesOf(root: string, folder: string): readonly File[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => {
      const path = join(root, folder, name);
      const source = readFileSync(path, "utf8");
      const tree: unknown = parseAst(source, { lang: "ts" });
      const statements = isNode(tree) ? nodesAt(tree, "body") : [];
      const names = declared(statements.flatMap((statement) => nodesAt(declarationOf(statement), "declarations")));
      return { path: relative(root, path), source, statements, names };
    });
}

/** Every text an expression can be, gaps where something is put in; nothing where it comes from elsewhere. */
function textsOf(node: Node | undefined, names: Names, depth = 0): readonly string[] {
  if (node === undefined || depth > 6) return [];
  const of = (field: string): readonly string[] => textsOf(nodeAt(node, field), names, depth + 1);
  switch (node.type) {
    case "Literal":
      return typeof node["value"] === "string" ? [node["value"]] : [];
    case "TemplateLiteral":
      return [
        nodesAt(node, "quasis")
          .map(({ value }) =>
            typeof value === "object" && value !== null && "cooked" in value ? text(value.cooked) : "",
          )
          .join(GAP),
      ];
    case "ConditionalExpression":
      return [...of("consequent"), ...of("alternate")];
    case "LogicalExpression":
      return [...of("left"), ...of("right")];
    case "ArrowFunctionExpression":
      return nodeAt(node, "body")?.type === "BlockStatement" ? [] : of("body");
    case "BinaryExpression": {
      const sides = [of("left"), of("right")].map((texts) => (texts.length === 0 ? [GAP] : texts));
      return (sides[0] ?? []).flatMap((left) => (sides[1] ?? []).map((right) => left + right));
    }
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "ParenthesizedExpression":
      return of("expression");
    case "CallExpression": {
      const callee = nodeAt(node, "callee");
      if (callee?.type !== "MemberExpression" || nameOf(nodeAt(callee, "property")) !== "slice") return [];
      return textsOf(nodeAt(callee, "object"), names, depth + 1);
    }
    case "Identifier":
      return (names.get(text(node["name"])) ?? []).flatMap((init) => textsOf(init, names, depth + 1));
    default:
      return [];
  }
}

const propertiesOf = (object: Node): ReadonlyMap<string, Node> =>
  new Map(
    nodesAt(object, "properties").flatMap((property) => {
      const value = nodeAt(property, "value");
      return property.type === "Property" && value !== undefined ? [[nameOf(nodeAt(property, "key")), value]] : [];
    }),
  );

type Said = Omit<Collected, "where">;

const partsOf = (sentence: string): readonly string[] => sentence.split(GAP);
const uncoded = (sentences: readonly string[]): readonly Said[] => sentences.map((one) => ({ parts: partsOf(one) }));
const coded = (codes: readonly string[], sentences: readonly string[]): readonly Said[] => [
  ...codes.map((code) => ({ code, parts: [] })),
  ...(codes.length > 1
    ? uncoded(sentences)
    : codes.flatMap((code) => sentences.map((one) => ({ code, parts: partsOf(one) })))),
];

/** What a CEL expression puts together: the texts between its quotes. */
const spoken = (expression: string): string =>
  [...expression.matchAll(/'((?:[^'\\]|\\.)*)'/g)]
    .map(([, words = ""]) => words.replaceAll("\\'", "'"))
    // What has no space is a key or a name that it looks for.
    .filter((words) => /\s/.test(words) && words !== "a record")
    .join(GAP);

function inObject(path: string, names: Names, object: Node): readonly Said[] {
  const properties = propertiesOf(object);
  const at = (name: string): readonly string[] => textsOf(properties.get(name), names);
  const sentences = [...at("message"), ...at("note"), ...at("messageExpression").map(spoken)];
  const states =
    STATES_ARE_REASONS.some((prefix) => path.startsWith(prefix)) && properties.has("message")
      ? at("state").map((state) => STATES_BECOME[state] ?? state)
      : [];
  const codes = [
    ...at("gate"),
    ...[...at("reason"), ...states].filter((code) => CODE.test(code)),
    ...(properties.has("blockedBy") ? at("phase") : []),
  ];
  const types =
    properties.has("status") && properties.has("reason") ? at("type").filter((code) => CODE.test(code)) : [];
  return [
    ...uncoded(at("why")),
    ...coded(types, []),
    ...(codes.length > 0 ? coded(codes, sentences) : properties.has("state") ? uncoded(sentences) : []),
  ];
}

const isPushOf = (list: string, callee: Node | undefined): boolean =>
  callee?.type === "MemberExpression" &&
  nameOf(nodeAt(callee, "object")) === list &&
  nameOf(nodeAt(callee, "property")) === "push";

function inCall(names: Names, call: Node): readonly Said[] {
  const callee = nameOf(nodeAt(call, "callee"));
  const given = nodesAt(call, "arguments").map((node) => textsOf(node, names));
  if (NAMING.includes(callee)) return uncoded(given.flat().filter((one) => /\s/.test(one)));
  if (REFUSING.includes(callee))
    return coded(
      given.flat().filter((one) => CODE.test(one)),
      given.flat().filter((one) => /\s/.test(one)),
    );
  if (callee === "" && isPushOf("problems", nodeAt(call, "callee"))) return uncoded(given.flat());
  const [first = [], second = []] = given;
  if (callee === "draft") return coded(first, []);
  return SAYING.includes(callee)
    ? coded(
        first.filter((code) => CODE.test(code)),
        second,
      )
    : [];
}

/** What a function answers whose every answer is a sentence. */
function inAnswers(names: Names, node: Node): readonly Said[] {
  if (!ANSWERING.test(nameOf(nodeAt(node, "id")))) return [];
  const init = nodeAt(node, "init");
  const body = nodeAt(node.type === "FunctionDeclaration" ? node : (init ?? node), "body");
  if (body === undefined) return [];
  const returned =
    body.type === "BlockStatement"
      ? [...walk(body)].flatMap((one) => (one.type === "ReturnStatement" ? (nodeAt(one, "argument") ?? []) : []))
      : [body];
  return uncoded(returned.flatMap((one) => textsOf(one, names)));
}

function said(path: string, names: Names, node: Node): readonly Said[] {
  switch (node.type) {
    case "ObjectExpression":
      return inObject(path, names, node);
    case "CallExpression":
    case "NewExpression":
      return inCall(names, node);
    case "FunctionDeclaration":
    case "VariableDeclarator":
      return inAnswers(names, node);
    default:
      return [];
  }
}

/** All that the folders can say, each with the line it stands at. */
export function collect(root: string, folders: readonly string[]): readonly Collected[] {
  const files = folders.flatMap((folder) => filesOf(root, folder));
  // Codes have names that other files import.
  const constants = files.flatMap(({ names }) => [...names].filter(([name]) => /^[A-Z_]+$/.test(name)));
  return files.flatMap(({ path, source, statements, names }) =>
    statements.flatMap((statement) => {
      const known = new Map([...constants, ...names, ...declared(walk(statement))]);
      return [...walk(statement)].flatMap((node): readonly Collected[] => {
        const where = `${path}:${source.slice(0, node.start).split("\n").length}`;
        return said(path, known, node).map((one) => ({ ...one, where }));
      });
    }),
  );
}

/** The literal lines that go to the log as a warning or an error, each with the line it stands at. */
export function collectLog(root: string, folders: readonly string[]): readonly (readonly [string, string])[] {
  return folders
    .flatMap((folder) => filesOf(root, folder))
    .flatMap(({ path, source, statements, names }) =>
      statements
        .flatMap((statement) => [...walk(statement)])
        .filter((node) => ["warn", "error"].includes(logged(node)))
        .flatMap((node) => nodesAt(node, "arguments").flatMap((one) => textsOf(one, names)))
        .map((line) => [line, path] as const)
        .filter(([line]) => source.includes(line)),
    );
}

/** With which severity a call writes to a log. */
function logged(node: Node): string {
  const callee = node.type === "CallExpression" ? nodeAt(node, "callee") : undefined;
  if (callee?.type !== "MemberExpression") return "";
  const object = nodeAt(callee, "object");
  const whose = object?.type === "MemberExpression" ? nodeAt(object, "property") : object;
  return nameOf(whose) === "log" ? nameOf(nodeAt(callee, "property")) : "";
}
