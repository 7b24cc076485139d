import { type Document, isScalar, LineCounter, parseAllDocuments, type ParsedNode, visit } from "yaml";
import { tokensIn } from "../../yaml-tokens.ts";
import { GitRefusal } from "../refusal.ts";

/** A YAML file as it is written: only its text is ever changed, the documents say where. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly documents: readonly Document.Parsed<ParsedNode>[];
  readonly lineOf: (offset: number) => number;
}

export const MAX_FILE_BYTES = 512 * 1024;
/** What is read in a fraction of a second: nothing else goes on meanwhile. */
const MOST_TOKENS = 60_000;

/** Larger ones are no configuration, and reading them again after every change would hold up everybody. */
export const tooLarge = (file: string): GitRefusal =>
  new GitRefusal("FileTooLarge", `${file} is larger than 512 KiB; point the change to a smaller file of its own.`);

/** The library compares each key with every other one, which takes minutes of a long map. */
const duplicateIn = (document: Document): number | undefined => {
  let found: number | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) {
          found = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return found;
};

export function parseSource(file: string, text: string): Source {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw tooLarge(file);
  if (tokensIn(text, MOST_TOKENS) > MOST_TOKENS)
    throw new GitRefusal(
      "FileTooLarge",
      `${file} has more than ${MOST_TOKENS} words and signs; point the change to a smaller file of its own.`,
    );
  const lines = new LineCounter();
  // The code frames of pretty errors would show what stands in the file.
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
    uniqueKeys: false,
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  const unreadable = (offset: number, what: string): GitRefusal =>
    new GitRefusal(
      "FileUnreadable",
      `${file}, line ${lineOf(offset)}: ${what}. Correct the file in the repository, then ask again.`,
    );
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) throw unreadable(error.pos[0], said(error.message));
    const twice = duplicateIn(document);
    if (twice !== undefined) throw unreadable(twice, TWICE);
  }
  return { file, text, documents, lineOf };
}

const TWICE = "the same key stands twice, so it is not known which one counts";

const said = (message: string): string =>
  `this is not YAML that can be read (${message.replace(/\s+/g, " ").slice(0, 160).replace(/[.:]$/, "")})`;
