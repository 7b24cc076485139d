import { parseDocument, type Scalar } from "yaml";

/** What a plain text means to readers of YAML 1.2 and of 1.1, as kustomize and Helm are. */
const meanings = (text: string): readonly unknown[] =>
  (["1.2", "1.1"] as const).flatMap((version) =>
    [`k: ${text}`, `{k: ${text}}`].map((source) => {
      const document = parseDocument(source, { version, logLevel: "silent" });
      const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
      return typeof value === "object" && value !== null && Object.keys(value).length === 1
        ? (value as { readonly k?: unknown }).k
        : undefined;
    }),
  );

const isPlainText = (text: string): boolean => text === text.trim() && meanings(text).every((value) => value === text);

/** The value in the quotes of the one that stood there. A text stays a text for every reader; a number stays a number where the new one is one. */
export function tokenLike(old: Pick<Scalar, "type" | "value"> | undefined, value: string): string {
  if (old?.type === "QUOTE_SINGLE") return `'${value.replaceAll("'", "''")}'`;
  if (old?.type === "QUOTE_DOUBLE") return JSON.stringify(value);
  const was = typeof old?.value;
  if (was === "number" || was === "boolean") {
    const [first, ...others] = meanings(value);
    if (typeof first === was && others.every((other) => other === first)) return value;
  }
  return isPlainText(value) ? value : JSON.stringify(value);
}
