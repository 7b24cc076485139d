/** What a reconcile that went well asks for. Each clears the memory of earlier failures. */
export type Outcome =
  /** Nothing until something changes. */
  | { readonly do: "wait" }
  /** Look again after this time, or earlier when something changes. */
  | { readonly do: "again"; readonly afterMs: number }
  /** The object is gone: nothing of this key is kept. */
  | { readonly do: "forget" };

export const WAIT: Outcome = { do: "wait" };
export const FORGET: Outcome = { do: "forget" };
export const again = (afterMs: number): Outcome => ({ do: "again", afterMs });
