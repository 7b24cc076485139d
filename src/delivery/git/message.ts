import type { Assignment } from "../assignment.ts";
import { parseOrderKey } from "../../api/order.ts";
import type { Place, Step } from "./edits/place.ts";
import { inert } from "./inert.ts";
import type { CommitSeal } from "./seal.ts";

/** One value that a commit wrote. */
export interface Wrote {
  readonly file: string;
  readonly place: Place;
}

/** What a commit of ours says of itself. */
export interface Told {
  readonly key: string;
  readonly target: string;
  readonly targetUid: string;
  readonly app: string;
  readonly layer: string;
  readonly sequence: number;
  readonly folder: string;
  readonly version: string;
  readonly digest: string;
  /** The sequence a restore took back. */
  readonly undoes?: number;
  readonly wrote: readonly Wrote[];
  /** `valuesHash` of what stands in these fields where this was delivered. */
  readonly values: string | undefined;
  /** An operator with our key wrote these words; whoever else may push can write the rest of them. */
  readonly sealed: boolean;
}

/** One line, whatever somebody put into a name or a description: a line more would be a trailer of theirs. */
const oneLine = (text: string, max: number): string =>
  text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, max)
    .toWellFormed();

/** Spaces that `oneLine` would change are written so that it leaves them. */
const wroteText = ({ file, place }: Wrote): string =>
  JSON.stringify({ file, ...place }).replace(
    /[^\S ]|(?<= ) /gu,
    (space) => `\\u${space.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** The message of a delivery: a subject for people, and trailers that make the history the ledger. */
export function messageOf(
  assignment: Assignment,
  target: { readonly name: string; readonly uid: string; readonly folder: string },
  { wrote, values }: { readonly wrote: readonly Wrote[]; readonly values: string },
  seal: CommitSeal,
): string {
  const { key, app, layer, sequence, version, digest, action, update, token, approvers } = assignment;
  const what = layer === "main" ? app : `${app}/${layer}`;
  const verb = action.do === "deliver" ? "Deliver" : "Restore";
  const description = inert(oneLine(update.description, 400));
  const trailers: readonly (readonly [string, string])[] = [
    ["Update", `${update.name} (${update.uid})`],
    ["Target", `${target.name} (${target.uid})`],
    ["Path", target.folder],
    ["Order", key],
    ["Version", version],
    ["Digest", digest],
    ["Sequence", String(sequence)],
    ...(action.do === "restore" ? [["Undoes", String(action.undoes)] as const] : []),
    ...wrote.map((one) => ["Wrote", wroteText(one)] as const),
    ["Values", values],
    ...(token === undefined ? [] : [["Token", token] as const]),
    ...approvers.map((approver) => ["Approved-By", approver] as const),
  ];
  const lines = trailers.map(([name, value]) => `Ashat-${name}: ${oneLine(value, 4000)}`);
  return [
    oneLine(`${verb} ${what} ${version} to ${target.name}`, 120),
    "",
    ...(description === "" ? [] : [description, ""]),
    ...lines,
    `${SEAL}${seal.of(trailersIn(lines.join("\n")))}`,
    "",
  ].join("\n");
}

const SEAL = "Ashat-Seal: ";
const TRAILER = /^Ashat-([A-Za-z-]+): (.*)$/;

/** The lines that are sealed are those that are read again; what others put between them is theirs. */
const trailersIn = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => TRAILER.test(line));

const isStep = (value: unknown): value is Step =>
  typeof value === "string" ||
  typeof value === "number" ||
  (typeof value === "object" && value !== null && "name" in value && typeof value.name === "string");

function wroteOf(text: string): Wrote | undefined {
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const { file, document, path } = value ?? {};
    if (typeof file !== "string" || (typeof document !== "string" && typeof document !== "number")) return undefined;
    if (!Array.isArray(path) || path.length === 0 || !path.every(isStep)) return undefined;
    return { file, place: { document, path } };
  } catch {
    return undefined;
  }
}

/** Claims hold no higher one, and leave room for the next. */
export const HIGHEST = 1_999_999_999;

/** The last paragraph with an order counts: whoever merged may have put words before and after it. */
export function toldBy(message: string, seal: CommitSeal): Told | undefined {
  const paragraph = message
    .replaceAll("\r\n", "\n")
    .split(/\n\s*\n/)
    .findLast((text) => /^Ashat-Order: /m.test(text));
  const ours = trailersIn(paragraph ?? "");
  const lines = ours.flatMap((line) => {
    const [, name, value] = TRAILER.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  const one = (name: string): string | undefined => lines.find(([other]) => other === name)?.[1];
  const [key, version, digest, folder] = [one("Order"), one("Version"), one("Digest"), one("Path")];
  const parts = key === undefined ? undefined : parseOrderKey(key);
  const [, target] = /^(\S+) \((\S+)\)$/.exec(one("Target") ?? "") ?? [];
  if (key === undefined || version === undefined || digest === undefined || folder === undefined) return undefined;
  if (parts === undefined || target === undefined) return undefined;
  if (parts.sequence > HIGHEST) return undefined;
  const undoes = one("Undoes");
  const wrote = lines.flatMap(([name, value]) => (name === "Wrote" ? [wroteOf(value)] : []));
  return {
    key,
    target,
    ...parts,
    folder,
    version,
    digest,
    ...(undoes !== undefined && /^\d{1,10}$/.test(undoes) && { undoes: Number(undoes) }),
    wrote: wrote.filter((field) => field !== undefined),
    values: one("Values"),
    sealed: seal.holds(
      ours.filter((line) => !line.startsWith(SEAL)),
      one("Seal") ?? "",
    ),
  };
}
