import type { Campaign, Finding } from "./campaign.ts";
import { FAULTS, planId } from "./plan.ts";

/** A plan whose place was not come by in this run says nothing. */
const isReached = ({ plan, run }: Finding): boolean => plan.site === "run" || run.script.struck() > 0;

const cell = (findings: readonly Finding[]): string => {
  if (findings.length === 0) return "-";
  const diverged = findings.filter(({ wrong }) => wrong.length > 0).length;
  return `${findings.length}${diverged > 0 ? ` !${diverged}` : ""}`;
};

/** How many plans ran per fault and workload (`!n`: diverged), then every divergence with the command that repeats it. */
export function printed({ enumerated, chosen, findings }: Campaign): string {
  const names = [...new Set(findings.map(({ plan }) => plan.workload))];
  const reached = findings.filter(isReached);
  const wrong = findings.filter((finding) => finding.wrong.length > 0);
  const rows = FAULTS.flatMap((fault) => {
    const those = reached.filter(({ plan }) => plan.fault === fault);
    return those.length === 0
      ? []
      : [[fault, ...names.map((name) => cell(those.filter(({ plan }) => plan.workload === name))), cell(those)]];
  });
  const head = ["fault", ...names, "all"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const slowest = Math.max(0, ...reached.map(({ run }) => run.tookMs));
  return [
    ...lines,
    "",
    `${enumerated} plans enumerated, ${chosen} chosen, ${findings.length} ran: ${reached.length - wrong.filter(isReached).length} converged, ${wrong.length} diverged, ${findings.length - reached.length} never came by their place (the longest took ${Math.round(slowest / 1000)} s)`,
    ...wrong.flatMap(({ plan, wrong: sentences }) => [
      "",
      `node scripts/faults.ts --plan '${planId(plan)}'`,
      ...sentences.map((sentence) => `  ${sentence}`),
    ]),
  ].join("\n");
}
