import { createHash } from "node:crypto";
import { isVersion } from "../../api/version.ts";
import { parseSource, type Source } from "./edits/source.ts";
import { read, type Standing } from "./edits/write.ts";
import type { Wrote } from "./message.ts";
import type { Mirror } from "./mirror.ts";
import { readFile } from "./objects.ts";
import { GitRefusal } from "./refusal.ts";

/** Files as they are at commits, each read once. */
export type Sources = (commit: string, file: string) => Promise<Source>;

export const sourcesOf = (mirror: Mirror): Sources => {
  const known = new Map<string, Promise<Source>>();
  return (commit, file) => {
    const key = `${commit}:${file}`;
    const source = known.get(key) ?? readFile(mirror, commit, file).then((text) => parseSource(file, text));
    known.set(key, source);
    return source;
  };
};

/** What stands in the fields at a commit; undefined where one of them cannot be read there any more. */
export async function standing(
  sources: Sources,
  commit: string,
  wrote: readonly Wrote[],
): Promise<readonly (Standing | undefined)[] | undefined> {
  const found: (Standing | undefined)[] = [];
  try {
    for (const { file, place } of wrote) found.push(read(await sources(commit, file), place));
  } catch (error) {
    if (error instanceof GitRefusal) return undefined;
    throw error;
  }
  return found;
}

type Fields = readonly (Standing | undefined)[] | undefined;

/** A hash of the values alone: quotes and comments may differ. Undefined where they cannot be read. */
export const valuesHash = (fields: Fields): string | undefined =>
  fields &&
  createHash("sha256")
    .update(JSON.stringify(fields.map((one) => (one === undefined ? [] : [one.value]))))
    .digest("hex")
    .slice(0, 32);

/** Lower than every version that is delivered, so that nobody takes what cannot be read for something newer. */
export const UNKNOWN_VERSION = "0.0.0-unknown";

const DIGEST = /(?:^|@)(sha256:[0-9a-f]{64})$/;
const TAG = /^[^\s@]+:([A-Za-z0-9_][A-Za-z0-9_.-]*)(?:@|$)/;

const versionIn = (text: string): string | undefined =>
  [text, TAG.exec(text)?.[1] ?? ""].map((one) => one.replace(/_(?=[0-9A-Za-z.-]+$)/, "+")).find(isVersion);

const digestIn = (text: string): string | undefined => {
  if (/^[0-9a-f]{64}$/.test(text)) return `sha256:${text}`;
  return /^[0-9a-f]{40}$/.test(text) ? `git:${text}` : DIGEST.exec(text)?.[1];
};

/** Whether a digest names a content, and is not only a hash of what stands in the fields. */
export const isDigest = (digest: string): boolean => !digest.startsWith("fields:");

const textOf = (one: Standing | undefined): string =>
  typeof one?.value === "string" ? one.value : JSON.stringify(one?.value ?? null);

/** Version and digest as far as the fields tell; a name of its own for whatever they do not tell. */
export function releaseIn(fields: Fields): { readonly version: string; readonly digest: string } {
  const texts = (fields ?? []).map(textOf);
  const hash = createHash("sha256").update(JSON.stringify(texts)).digest("hex");
  return {
    version: texts.map(versionIn).find((one) => one !== undefined) ?? UNKNOWN_VERSION,
    digest: texts.map(digestIn).find((one) => one !== undefined) ?? `fields:${hash.slice(0, 40)}`,
  };
}
