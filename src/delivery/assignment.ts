import type { Artifact } from "../api/artifact.ts";
import type { OrderReport } from "../api/order.ts";
import type { TargetReport } from "../api/report.ts";
import type { Refused, Trouble } from "./driver.ts";

/** What is to run on a target, in the words of the drivers that are no agents. Doing it again under the same key changes nothing. */
export interface Assignment {
  /** `<target uid>.<app>.<layer>.<sequence>`: see `orderKey`. */
  readonly key: string;
  readonly app: string;
  readonly layer: string;
  readonly sequence: number;
  /** Of what shall run afterwards, as `digestOf` gives it. */
  readonly version: string;
  readonly digest: string;
  /** A restore puts back what was there before the sequence `undoes`. */
  readonly action:
    { readonly do: "deliver"; readonly artifact: Artifact } | { readonly do: "restore"; readonly undoes: number };
  /** It runs there already but for what others have changed since, and that is won back. Without it nothing is taken from anybody. */
  readonly heals?: true;
  readonly update: { readonly name: string; readonly uid: string; readonly description: string };
  readonly token?: string;
  readonly approvers: readonly string[];
  /** Milliseconds since 1970: nothing is begun later. */
  readonly expiresAt: number;
}

/** What became of an assignment. `revision` is the commit that has it: whoever applies there must have come to it, or to one after it. */
export interface Assigned extends OrderReport {
  readonly revision?: string;
}

export type Assigning = { readonly state: "Answered"; readonly report: Assigned } | Trouble | Refused;
export type Reported = { readonly state: "Answered"; readonly status: TargetReport } | Trouble | Refused;

/** A way to deliver that keeps its own ledger where it delivers, so that an operator that knows nothing can ask what became of a key. */
export interface Deliverer<Target> {
  readonly deliver: (target: Target, assignment: Assignment, signal: AbortSignal) => Promise<Assigning>;
  /** `Refused` with 404 and reason NotFound where the key was never taken. */
  readonly report: (target: Target, key: string, signal: AbortSignal) => Promise<Assigning>;
  readonly observe: (target: Target, signal: AbortSignal) => Promise<Reported>;
}
