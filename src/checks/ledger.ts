import type { Baseline } from "../api/check-run.ts";
import { some } from "./words.ts";

/** What a check has to say before it is made a document. */
export interface Report {
  readonly verdict: "Passed" | "Failed" | "Inconclusive";
  readonly message: string;
  readonly asserted: readonly string[];
  readonly measurements: Readonly<Record<string, number | string>>;
  readonly baseline?: Baseline;
}

export interface Ledger {
  /** Notes what was asserted; `otherwise` says what was found instead when it does not hold. */
  readonly assert: (claim: string, holds: boolean, otherwise: () => string) => boolean;
  readonly measure: (name: string, value: number | string) => void;
  /** `Failed` with every broken assertion when there is one, else `Passed` with the sentence given. */
  readonly close: (passed: string) => Report;
  /** No proof either way, whatever was asserted before. */
  readonly inconclusive: (message: string) => Report;
}

export const ledger = (): Ledger => {
  const asserted: string[] = [];
  const broken: string[] = [];
  const measurements: Record<string, number | string> = {};
  return {
    assert: (claim, holds, otherwise) => {
      asserted.push(claim);
      if (!holds) broken.push(otherwise());
      return holds;
    },
    measure: (name, value) => {
      measurements[name] = typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
    },
    close: (passed) =>
      broken.length === 0
        ? { verdict: "Passed", message: passed, asserted, measurements }
        : { verdict: "Failed", message: `${some(broken)}.`, asserted, measurements },
    inconclusive: (message) => ({ verdict: "Inconclusive", message, asserted, measurements }),
  };
};
