import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import { GitRefusal } from "../refusal.ts";
import { locate, pairOf, type Spot } from "./locate.ts";
import { type Place, type Wanted, written } from "./place.ts";
import { parseSource, type Source } from "./source.ts";
import { tokenLike } from "./token.ts";

/** A value as it stands in a file: its characters, and what they mean. Absent where the key is not there. */
export interface Standing {
  readonly raw: string;
  readonly value: unknown;
}

export function read(source: Source, place: Place): Standing | undefined {
  const { found } = locate(source, place);
  return found && { raw: source.text.slice(found.start, found.end), value: found.node.value };
}

/** The text with the wanted value and every other character as it was. */
export function write(source: Source, { place, value, addAfter }: Wanted): string {
  const spot = locate(source, place);
  if (spot.found !== undefined) {
    const { node, start, end } = spot.found;
    if (String(node.value) === value && node.value !== null) return source.text;
    const token = tokenLike(node, value);
    const text = start === end ? fill(source.text, start, token) : splice(source.text, start, end, token);
    return checked(source, place, spot, text, (now) => String(now) === value);
  }
  const sibling = addAfter?.findLast((key) => spot.parent && pairOf(spot.parent, key) !== undefined);
  if (sibling === undefined || spot.parent === undefined) throw missing(source, place, spot);
  const text = add(source, place, spot.parent, sibling, String(spot.keys.at(-1)), value);
  return checked(source, place, spot, text, (now) => now === value);
}

/** Puts back what stood there; undefined takes the key away again. */
export function putBack(source: Source, place: Place, was: Standing | undefined): string {
  const spot = locate(source, place);
  if (spot.found === undefined) {
    if (was === undefined) return source.text;
    throw missing(source, place, spot);
  }
  const { start, end } = spot.found;
  const text = was === undefined ? remove(source, place, spot) : splice(source.text, start, end, was.raw);
  return checked(source, place, spot, text, (now) => now === was?.value);
}

const missing = ({ file, lineOf }: Source, { path }: Place, { parent }: Spot): GitRefusal => {
  const merged = parent !== undefined && pairOf(parent, "<<") !== undefined;
  return new GitRefusal(
    "PathMissing",
    `${file}, line ${lineOf(parent?.range?.[0] ?? 0)}: there is no ${written(path)}${merged ? " of its own here, only what is merged in by <<" : ""}. Correct the change of the Server, or add it to the file.`,
  );
};

const splice = (text: string, start: number, end: number, token: string): string =>
  text.slice(0, start) + token + text.slice(end);

/** Where nothing stood, spaces part the value from what is before it and from a comment behind it. */
const fill = (text: string, at: number, token: string): string =>
  splice(text, at, at, `${/[^\s]/.test(text[at - 1] ?? " ") ? " " : ""}${token}${text[at] === "#" ? " " : ""}`);

const rangeOf = (node: unknown): readonly [number, number] => {
  const range = isScalar(node) || isMap(node) ? node.range : undefined;
  return [range?.[0] ?? 0, range?.[1] ?? 0];
};

const cannot = ({ file, lineOf }: Source, { path }: Place, offset: number, what: string): GitRefusal =>
  new GitRefusal(
    "FileUnreadable",
    `${file}, line ${lineOf(offset)}: ${written(path)} cannot be ${what} without touching what stands around it. Do it by hand, then ask again.`,
  );

function add(source: Source, place: Place, map: YAMLMap, sibling: string, key: string, value: string): string {
  const { text } = source;
  const pair = pairOf(map, sibling);
  const [keyStart] = rangeOf(pair?.key);
  const [, end] = rangeOf(pair?.value);
  if (!isScalar(pair?.value) || end <= keyStart) throw cannot(source, place, keyStart, "added");
  if (map.flow === true) {
    const name = text[keyStart] === '"' ? JSON.stringify(key) : key;
    return splice(text, end, end, `, ${name}: ${JSON.stringify(value)}`);
  }
  const lineStart = text.lastIndexOf("\n", keyStart - 1) + 1;
  const lineEnd = /\r?\n|$/g;
  lineEnd.lastIndex = end;
  const at = lineEnd.exec(text)?.index ?? text.length;
  const eol = /\r?\n/.exec(text.slice(at))?.[0] ?? /\r?\n/.exec(text)?.[0] ?? "\n";
  // After "- " the next key stands below this one.
  const indent = " ".repeat(keyStart - lineStart - (text[lineStart] === "\ufeff" ? 1 : 0));
  return splice(text, at, at, `${eol}${indent}${key}: ${tokenLike(undefined, value)}`);
}

function remove(source: Source, place: Place, { parent, keys, found }: Spot): string {
  const { text } = source;
  const end = found?.end ?? 0;
  const index = parent?.items.findIndex((pair) => pair === pairOf(parent, String(keys.at(-1)))) ?? -1;
  const pair: Pair | undefined = parent?.items[index];
  const [keyStart] = rangeOf(pair?.key);
  if (parent?.flow === true) {
    const [, before] = rangeOf(parent.items[index - 1]?.value);
    if (before === 0) throw cannot(source, place, keyStart, "taken away");
    return text.slice(0, before) + text.slice(end);
  }
  const lineStart = text.lastIndexOf("\n", keyStart - 1) + 1;
  const newline = text.indexOf("\n", end);
  const alone = text.slice(lineStart, keyStart).trim() === "" && (parent?.items.length ?? 0) > 1;
  if (!alone) throw cannot(source, place, keyStart, "taken away");
  if (newline >= 0) return text.slice(0, lineStart) + text.slice(newline + 1);
  return text.slice(0, lineStart).replace(/\r?\n$/, "");
}

/** Everything but that one value must mean what it meant; otherwise nothing is written. */
function checked(
  source: Source,
  place: Place,
  { document, keys }: Spot,
  text: string,
  meant: (now: unknown) => boolean,
): string {
  const before = meaning(source);
  const { now, value } = understood(source, place, text);
  const holder = keys
    .slice(0, -1)
    .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], before[document]);
  const last = keys.at(-1);
  if (typeof holder === "object" && holder !== null && last !== undefined) {
    if (value === undefined) Reflect.deleteProperty(holder, last);
    else Reflect.set(holder, last, value);
  }
  if (meant(value) && isDeepStrictEqual(before, now)) return text;
  throw cannot(source, place, 0, "changed");
}

/** What the new text means; one that cannot be read is no fault of the file. */
function understood(source: Source, place: Place, text: string): { readonly now: unknown[]; readonly value: unknown } {
  try {
    const after = parseSource(source.file, text);
    return { now: meaning(after), value: read(after, place)?.value };
  } catch (error) {
    if (error instanceof GitRefusal) throw cannot(source, place, 0, "changed");
    throw error;
  }
}

function meaning({ file, documents }: Source): unknown[] {
  try {
    return documents.map((document) => structuredClone(document.toJS()) as unknown);
  } catch {
    throw new GitRefusal("FileUnreadable", `${file} repeats itself by aliases more than can be read. Write it out.`);
  }
}
