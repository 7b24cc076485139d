import { CATEGORIES } from "../src/api/categories.ts";
import type { RecordSpec } from "../src/api/record.ts";
import { chainsOf } from "../src/cli/chains.ts";
import { connect } from "../src/cli/connect.ts";
import { printProof } from "../src/cli/history.ts";
import { historyTable } from "../src/cli/history-table.ts";
import { readRecords } from "../src/cli/records.ts";
import { readStatusHeads } from "../src/cli/status-head.ts";
import { answersOf } from "./answers.ts";
import type { Scenario } from "./scenario.ts";
import { type Scene, UPDATE } from "./scene.ts";
import type { Screen } from "./screen.ts";
import { table, wrap } from "./wrap.ts";

/** What is different now, who approved, what was checked, and that it can be proved. */
export async function showOutcome(screen: Screen, scene: Scene, scenario: Scenario): Promise<void> {
  const client = await connect({ kubeconfig: scene.people.author });
  try {
    const heads = await readStatusHeads(client, scene.namespace, UPDATE);
    const [chain] = chainsOf(await readRecords(client, scene.namespace, UPDATE));
    if (chain === undefined) throw new Error(`there is no record of ${UPDATE}`);
    const records = chain.records.map(({ spec }) => spec);
    await showAnswers(screen, scene, scenario);
    if (scenario.thorough === true) {
      showApprovals(screen, records);
      showVerdicts(screen, records);
    }
    title(screen, "The records, as `deploy history --verify` prints them");
    for (const line of historyTable(chain.records, screen.width - 2)) screen.line(`  ${line}`);
    screen.line();
    const proven = printProof(chain, heads, (line) => {
      for (const part of wrap(line, screen.width, "  ")) screen.line(screen.paint.good(part));
    });
    if (!proven) throw new Error("the records do not prove themselves");
  } finally {
    await client.close();
  }
}

function title({ line, paint }: Screen, text: string): void {
  line();
  line(paint.bold(text));
}

async function showAnswers(
  screen: Screen,
  { places, caPem, before, release }: Scene,
  { updated }: Scenario,
): Promise<void> {
  const now = await answersOf(places, caPem);
  title(screen, "What the servers answer to anyone: /api/greeting, before and now");
  const rows = places.map(({ name, title, tier }) => [
    name,
    title,
    tier,
    before[name]?.greeting ?? "-",
    now[name]?.greeting ?? "-",
  ]);
  for (const line of table([["SERVER", "CALLED", "TIER", "BEFORE", "NOW"], ...rows], screen.width - 2, [
    "SERVER",
    "TIER",
  ]))
    screen.line(`  ${line}`);
  for (const { name } of places) {
    const expected = updated.some((one) => one === name) ? release.version : before[name]?.version;
    if (now[name]?.version !== expected)
      throw new Error(`${name} answers with ${now[name]?.version ?? "nothing"}, and it should with ${expected ?? "-"}`);
  }
}

const HOW = {
  Admission: "stamped by the API server",
  Client: "written by the client, checked by the API server",
  Operator: "-",
  Unknown: "not known",
} as const;

function showApprovals(screen: Screen, records: readonly RecordSpec[]): void {
  const rows = records.flatMap(({ tier = "-", approvals = [], actor }) =>
    approvals.map(({ user, token, slot = "-" }) => [tier, user, slot, token, HOW[actor.known]]),
  );
  if (rows.length === 0) return;
  title(screen, "Who approved, and how that is known");
  for (const line of table([["TIER", "WHO", "SLOT", "TOKEN", "KNOWN BECAUSE"], ...rows], screen.width - 2, [
    "SLOT",
    "TOKEN",
  ]))
    screen.line(`  ${line}`);
}

const TIERS = [
  ["alpha", "ALPHA"],
  ["public", "Public"],
  ["omega", "OMEGA"],
  ["mainframes", "MAINFRAMES"],
] as const;

function showVerdicts(screen: Screen, records: readonly RecordSpec[]): void {
  title(screen, "What was checked");
  const cell = (tier: string, category: string): string => {
    const verdicts = records
      .filter((record) => record.tier === tier && record.from === "Verifying")
      .flatMap(({ evidence = [] }) =>
        evidence.filter((item) => item.category === category).map(({ verdict }) => verdict),
      );
    const [first] = verdicts;
    if (first === undefined) return "-";
    const same = verdicts.every((verdict) => verdict === first);
    return verdicts.length === 1 ? first : same ? `${verdicts.length} ${first}` : verdicts.join(", ");
  };
  const rows = CATEGORIES.map((category) => [category, ...TIERS.map(([tier]) => cell(tier, category))]);
  for (const line of table([["CHECK", ...TIERS.map(([, name]) => name)], ...rows])) screen.line(`  ${line}`);
  const legend = "Jobs on ALPHA, Public, OMEGA; the health of a mainframe is its agent's report; - is not configured";
  for (const line of wrap(legend, screen.width, "  ")) screen.line(screen.paint.dim(line));
}
