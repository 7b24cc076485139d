import { type Document, LineCounter, parseAllDocuments, type ParsedNode } from "yaml";
import { GitRefusal } from "../refusal.ts";

/** A YAML file as it is written: only its text is ever changed, the documents say where. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly documents: readonly Document.Parsed<ParsedNode>[];
  readonly lineOf: (offset: number) => number;
}

export const MAX_FILE_BYTES = 1024 * 1024;

/** Larger ones are no configuration, and reading them again after every change would hold up everybody. */
const tooLarge = (file: string): GitRefusal =>
  new GitRefusal("FileTooLarge", `${file} is larger than 1 MiB; point the change to a smaller file of its own.`);

export function parseSource(file: string, text: string): Source {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw tooLarge(file);
  const lines = new LineCounter();
  // The code frames of pretty errors would show what stands in the file.
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const documents = Array.isArray(parsed) ? parsed : [];
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  for (const { errors } of documents) {
    const [error] = errors;
    if (error === undefined) continue;
    throw new GitRefusal(
      "FileUnreadable",
      `${file}, line ${lineOf(error.pos[0])}: ${said(error.code, error.message)}. Correct the file in the repository, then ask again.`,
    );
  }
  return { file, text, documents, lineOf };
}

const said = (code: string, message: string): string =>
  code === "DUPLICATE_KEY"
    ? "the same key stands twice, so it is not known which one counts"
    : `this is not YAML that can be read (${message.replace(/\s+/g, " ").slice(0, 160).replace(/[.:]$/, "")})`;
