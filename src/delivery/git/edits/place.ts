/** One step into a document: a key, or an item of a list by its `name`, or by its position where it has none. */
export type Step = string | number | { readonly name: string };

/** Where a scalar stands in a YAML file, in words that still hold when something is added before it. */
export interface Place {
  /** `Kind/name`, or the position of a document that says neither or shares them with another one. */
  readonly document: string | number;
  readonly path: readonly Step[];
}

export const sameStep = (a: Step, b: Step): boolean =>
  typeof a === "object" ? typeof b === "object" && a.name === b.name : a === b;

const word = (step: Step): string => (typeof step === "object" ? `[${step.name}]` : String(step));

/** For people, e.g. `/spec/containers/[web]/image`. */
export const written = (path: readonly Step[]): string => `/${path.map(word).join("/")}`;

/** What shall stand somewhere. Where it may be added, it comes after the last of these keys that is there. */
export interface Wanted {
  readonly place: Place;
  readonly value: string;
  readonly addAfter?: readonly string[];
}
