import type { Tier } from "../api/group.ts";
import type { Screen } from "./face.ts";
import type { Update } from "./kinds.ts";
import { shownAs } from "./names.ts";
import { indented, table } from "./table.ts";
import type { TargetVerdict } from "./verdicts.ts";
import { paintState, plural, TIER_NAME } from "./words.ts";

export interface Shown {
  readonly update: Update;
  readonly tier: Tier;
  readonly passed: boolean;
  readonly verdicts: readonly TargetVerdict[];
  /** A target as people call it. */
  readonly called: (name: string) => string;
}

/** The result of a verification: the headline, what failed and why, then every check of every target. */
export function verdictLines(
  { update, tier, passed, verdicts, called }: Shown,
  { paint, width }: Pick<Screen, "paint" | "width">,
): readonly string[] {
  const failed = verdicts.filter(({ verdict }) => verdict === "Failed");
  const restored = verdicts.filter(({ verdict }) => verdict === "Restored");
  const headline = passed
    ? paint.good("Verification PASSED!")
    : failed.length > 0
      ? paint.bad("Verification FAILED")
      : restored.length > 0
        ? paint.bad("It was put back")
        : paint.wait("Verification INCONCLUSIVE: there is no proof either way, and without proof nothing passes");
  const why = verdicts
    .filter(({ verdict }) => verdict !== "Passed")
    .flatMap(({ target, checks, message }) => {
      const bad = checks.filter(({ verdict }) => verdict === "Failed" || verdict === "Inconclusive");
      return bad.length === 0
        ? [`${called(target)}: ${message}`]
        : bad.map(
            ({ category, verdict, message: found }) =>
              `${category} ${verdict === "Failed" ? "failed" : "proved nothing"} on ${called(target)}: ${found}`,
          );
    });
  return [
    headline,
    `${shownAs(update)}, ${update.spec.app} ${update.spec.version}, on ${TIER_NAME[tier]}`,
    ...why.flatMap((line) => indented(line, width, "  ")),
    ...verdicts
      .filter(({ checks }) => checks.length > 0)
      .flatMap((verdict) => ["", ...checkTable(verdict, called, { paint, width })]),
    "",
  ];
}

function checkTable(
  { target, attempt, checks }: TargetVerdict,
  called: Shown["called"],
  { paint, width }: Pick<Screen, "paint" | "width">,
): readonly string[] {
  const configured = checks.filter(({ verdict }) => verdict !== "NotConfigured");
  const good = configured.filter(({ verdict }) => verdict === "Passed").length;
  return [
    `${called(target)}: ${good} of ${plural(configured.length, "check")} passed${attempt > 1 ? `, attempt ${attempt}` : ""}`,
    ...table(
      [
        { title: "CHECK", of: ({ category }) => category },
        {
          title: "VERDICT",
          of: ({ verdict }) => (verdict === "NotConfigured" ? "-" : verdict),
          paint: (cell, { verdict }) => paintState(paint, verdict)(cell),
        },
      ],
      checks,
      width - 2,
      {
        title: "WHAT WAS FOUND",
        of: ({ verdict, message }) => (verdict === "NotConfigured" ? "not configured" : message),
      },
    ).map((line) => `  ${line}`),
  ];
}
