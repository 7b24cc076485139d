import type { ActedOn, Kind, Who, Word } from "./rights.ts";

/** How a request travels. */
export const WAYS = [
  "create",
  "put",
  "json-patch",
  "merge-patch",
  "strategic-patch",
  "apply",
  "forced-apply",
  "delete",
  "deletecollection",
] as const;
export type Way = (typeof WAYS)[number];

/** What a request changes of the object. */
export type Change =
  | {
      readonly what: "act";
      readonly word: Word;
      readonly tier: ActedOn;
      readonly slot?: string;
      readonly value: string;
    }
  | { readonly what: "withdraw" | "remove-stamp" | "remove-author" }
  | {
      readonly what:
        "forge-stamp" | "invent-stamp" | "forge-author" | "spec" | "label" | "finalizer" | "owner" | "note";
    };

/** What a request meets. An approved update has the approval of `approver-omega` under TOKEN in the first slot. */
export type On =
  | { readonly kind: Kind; readonly part: "object"; readonly approved?: true }
  | { readonly kind: Exclude<Kind, "web" | "deploymentrecords">; readonly part: "status" };

export interface Row {
  readonly who: Who;
  readonly way: Way;
  readonly on: On;
  readonly changes: readonly Change[];
  readonly dryRun: boolean;
}

/** The answer of the API server, by who gives it: the roles, a policy, the schema, the merge, or the media type. */
export type Decision = "Accepted" | "NoRight" | "Policy" | "Invalid" | "Conflict" | "Unsupported";

export interface Expected {
  readonly decision: Decision;
  /** What is there afterwards: the same as before, nothing, or these annotations of our group. */
  readonly world: "same" | "gone" | Readonly<Record<string, string>>;
}

/** Who writes the stamps: the API server, or before 1.36 the request. */
export type Stamps = "ApiServer" | "Client";

export const TOKEN = "0123456789abcdef";
export const APPROVAL = "approve.ashat.raos.io/omega";
export const STAMP = "by.ashat.raos.io/approve.omega";
export const AUTHOR = "by.ashat.raos.io/author";

type Act = Extract<Change, { what: "act" }>;
const place = ({ tier, slot }: Act): string => `${tier}${slot === undefined ? "" : `.${slot}`}`;
/** Written out here, so that a mistake in the product's own spelling of the keys is seen. */
export const keyOf = (act: Act): string => `${act.word}.ashat.raos.io/${place(act)}`;
export const stampOf = (act: Act): string => `by.ashat.raos.io/${act.word}.${place(act)}`;
