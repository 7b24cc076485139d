import { type Document, isMap, isScalar, type ParsedNode } from "yaml";
import { GitRefusal } from "../refusal.ts";
import type { Source } from "./source.ts";

type Doc = Document.Parsed<ParsedNode>;

const textIn = (document: Doc, path: readonly string[]): string | undefined => {
  if (!isMap(document.contents)) return undefined;
  const node = document.getIn(path, true);
  return isScalar(node) && typeof node.value === "string" ? node.value : undefined;
};

export const kindOf = (document: Doc): string | undefined => textIn(document, ["kind"]);
export const nameOf = (document: Doc): string | undefined => textIn(document, ["metadata", "name"]);

const labelOf = (document: Doc): string | undefined => {
  const [kind, name] = [kindOf(document), nameOf(document)];
  return kind === undefined || name === undefined ? undefined : `${kind}/${name}`;
};

/** The labels of a file's documents, found once: there may be thousands of them. */
const known = new WeakMap<Source, readonly (string | undefined)[]>();
const labelsIn = (source: Source): readonly (string | undefined)[] => {
  const labels = known.get(source) ?? source.documents.map(labelOf);
  known.set(source, labels);
  return labels;
};

/** How a document is called in a place: by kind and name where these are its own, else by its position. */
export function documentName(source: Source, index: number): string | number {
  const labels = labelsIn(source);
  const label = labels[index];
  return label !== undefined && labels.indexOf(label) === labels.lastIndexOf(label) ? label : index;
}

/** The position of the document that a place names. */
export function documentIndex(source: Source, document: string | number): number {
  const index = typeof document === "number" ? document : labelsIn(source).indexOf(document);
  if (source.documents[index] !== undefined) return index;
  throw new GitRefusal(
    "PathMissing",
    `${source.file} has no document ${typeof document === "number" ? `number ${document + 1}` : document} (any more).`,
  );
}

/** The only document with this kind and name, each where it is given. */
export function theDocument(source: Source, kind: string | undefined, name: string | undefined): number {
  const found = source.documents.flatMap((document, index) => {
    const empty = document.contents === null || (isScalar(document.contents) && document.contents.value === null);
    if (empty || (kind !== undefined && kindOf(document) !== kind)) return [];
    return name !== undefined && nameOf(document) !== name ? [] : [index];
  });
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const asked = `document${kind === undefined ? "" : ` of kind ${kind}`}${name === undefined ? "" : ` named ${name}`}`;
  throw new GitRefusal(
    "PathMissing",
    found.length === 0
      ? `${source.file} has no ${asked}. Correct the change of the Server, or the file.`
      : `${source.file} has ${found.length} of this: ${asked}. Say which one by kind and name in the change of the Server.`,
  );
}
