import { type Document, parseAllDocuments, type ScalarTag, visit } from "yaml";
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

const checked = (file: string, document: Document): void => {
  visit(document, {
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

/** The values of all documents of a file, read as Kubernetes' own tools read them; where readers disagree, the file is refused. */
export const readYaml = (file: string, text: string): readonly unknown[] => {
  const documents = parseAllDocuments(text, {
    uniqueKeys: true,
    schema: "core",
    merge: true,
    customTags: (tags) => [OCTAL, ...tags],
  });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    // The parser quotes the line, which may be one of a Secret.
    if (error !== undefined)
      throw badManifests(`${file} is not YAML (${error.code}, line ${error.linePos?.[0].line ?? "?"}); correct it.`);
    checked(file, document);
    try {
      return document.toJS({ maxAliasCount: 100 }) as unknown;
    } catch {
      throw badManifests(`${file} uses aliases that cannot be resolved; write it out.`);
    }
  });
};
