import { Composer, type Document, isScalar, LineCounter, Parser, type ScalarTag, visit, type YAMLMap } from "yaml";
import { badManifests } from "./refusal.ts";

/** A zero in front means octal to whatever else reads manifests, as in `defaultMode: 0644`. */
const OCTAL: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?0[0-7_]+$/,
  resolve: (text) => Number.parseInt(text.replaceAll("_", ""), 8),
};

/** Which are words to some readers and truth values to others. */
const AMBIGUOUS = /^(y|n|yes|no|on|off)$/i;

/** What aliases may make of one file. */
const MOST_EXPANDED = 4 * 1024 * 1024;

type Lines = (offset: number) => number;

const notYaml = (file: string, code: string, line: number): Error =>
  badManifests(`${file} is not YAML (${code}, line ${line}); correct it.`);

/** The library compares each key with every other one, which a long map makes a matter of minutes. */
const uniqueIn = (file: string, { items }: YAMLMap, lineOf: Lines): void => {
  const keys = new Set<string>();
  for (const { key } of items) {
    if (!isScalar(key))
      throw notYaml(file, "KEY_IS_NO_TEXT", lineOf((key as Partial<YAMLMap> | null)?.range?.[0] ?? 0));
    const text = String(key.value);
    if (keys.has(text)) throw notYaml(file, "DUPLICATE_KEY", lineOf(key.range?.[0] ?? 0));
    keys.add(text);
  }
};

const checked = (file: string, document: Document, lineOf: Lines): void => {
  visit(document, {
    Map: (_, node) => uniqueIn(file, node, lineOf),
    Scalar: (_, node) => {
      const { source = "", value, type } = node;
      if (type !== "PLAIN") return;
      if (AMBIGUOUS.test(source))
        throw badManifests(
          `${file} has a bare ${source}, which is a word to some and a truth value to others; quote it, or write true or false.`,
        );
      if (
        typeof value === "number" &&
        (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      )
        throw badManifests(`${file} has a number that JSON cannot hold exactly; quote it.`);
    },
  });
};

/** How many characters it is when everything is written out, counted up to the bound. */
const expanded = (value: unknown, bound: number): number => {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  let size = 2;
  for (const [key, one] of Object.entries(value)) {
    size += key.length + expanded(one, bound - size);
    if (size > bound) break;
  }
  return size;
};

const valueOf = (file: string, document: Document.Parsed): unknown => {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch {
    throw badManifests(`${file} uses aliases that cannot be resolved; write it out.`);
  }
  if (expanded(value, MOST_EXPANDED) > MOST_EXPANDED)
    throw badManifests(`${file} becomes larger than ${MOST_EXPANDED} bytes by its aliases; write it out.`);
  return value;
};

/**
 * The values of all documents of a file, read as Kubernetes' own tools read them; where readers disagree, the file is refused. It takes its time and memory, so
 * whatever an author names is read by `readApart`.
 */
export const readYaml = (file: string, text: string): readonly unknown[] => {
  const lines = new LineCounter();
  const lineOf: Lines = (offset) => lines.linePos(offset).line;
  const composer = new Composer({
    uniqueKeys: false,
    schema: "core",
    merge: true,
    prettyErrors: false,
    logLevel: "silent",
    customTags: (tags) => [OCTAL, ...tags],
  });
  const values: unknown[] = [];
  try {
    // One document after the other, so that what was read of one is gone before the next.
    for (const document of composer.compose(new Parser(lines.addNewLine).parse(text))) {
      const [error] = document.errors;
      // The parser quotes the line, which may be one of a Secret.
      if (error !== undefined) throw notYaml(file, error.code, lineOf(error.pos[0]));
      checked(file, document, lineOf);
      values.push(valueOf(file, document));
    }
  } catch (error) {
    // It is nested more deeply than the stack is.
    if (error instanceof RangeError) throw notYaml(file, "RESOURCE_EXHAUSTION", 1);
    throw error;
  }
  return values;
};
