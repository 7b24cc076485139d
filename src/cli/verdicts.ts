import { CATEGORIES, type Category } from "../api/categories.ts";
import type { TierState } from "../api/deployment.ts";
import type { Tier } from "../api/group.ts";
import type { Evidence } from "../api/record.ts";
import type { RawRecord } from "./records.ts";

/** What came of the verification of one target, at its last attempt. */
export interface TargetVerdict {
  readonly target: string;
  readonly verdict: "Passed" | "Failed" | "Inconclusive" | "NotVerified" | "Restored";
  readonly attempt: number;
  readonly message: string;
  readonly checks: readonly {
    readonly category: Category;
    readonly verdict: Evidence["verdict"];
    readonly message: string;
  }[];
}

/** Reads from the records, which hold the evidence, what the last move of each target of a tier was. */
export function verdictsOf(tier: Tier, state: TierState, records: readonly RawRecord[]): readonly TargetVerdict[] {
  const moves = records
    .map(({ spec }) => spec)
    .filter((record) => record.tier === tier)
    .sort((a, b) => a.seq - b.seq);
  return state.targets.map(({ name, state: now }) => {
    const own = moves.filter((record) => record.targets?.some((target) => target.name === name));
    const last = own.at(-1);
    const tried = own.findLast((record) => record.evidence?.some(({ target }) => target === name));
    const at = last?.targets?.find((target) => target.name === name);
    const evidence = (tried?.evidence ?? []).filter(({ target }) => target === name);
    // A delivery that failed after an earlier verification says nothing by that verification.
    const speaks = tried !== undefined && (tried === last || now === "RollingBack" || now === "RolledBack");
    return {
      target: name,
      verdict: verdictIn(now, speaks ? evidence : []),
      attempt: Math.max(
        0,
        ...own.flatMap((record) => record.targets?.find((target) => target.name === name)?.attempt ?? []),
      ),
      message: at?.message ?? last?.message ?? "",
      checks: speaks
        ? CATEGORIES.map((category) => {
            const found = evidence.find((item) => item.category === category);
            return { category, verdict: found?.verdict ?? ("NotConfigured" as const), message: found?.message ?? "" };
          })
        : [],
    };
  });
}

function verdictIn(state: TierState["state"], evidence: readonly Evidence[]): TargetVerdict["verdict"] {
  if (state === "Passed") return "Passed";
  if (state === "RollingBack" || state === "RolledBack") return "Restored";
  if (evidence.some(({ verdict }) => verdict === "Failed")) return "Failed";
  return evidence.length > 0 ? "Inconclusive" : "NotVerified";
}
