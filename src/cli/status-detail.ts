import { AUTHOR_KEY } from "../api/actions.ts";
import type { TierState } from "../api/deployment.ts";
import { brought, layerLines, shortDigest } from "./brought.ts";
import type { Screen } from "./face.ts";
import type { Target, Update } from "./kinds.ts";
import { type Fleet, targetsOf } from "./lookup.ts";
import { shownAs } from "./names.ts";
import { isOver } from "./next.ts";
import { hanging, indented, table } from "./table.ts";
import { whyNothingIsSaid } from "./unseen.ts";
import { withoutCommand } from "./where.ts";
import { ago, paintState, TIER_NAME } from "./words.ts";

interface Row {
  readonly place: string;
  readonly state: string;
  readonly checks: string;
  readonly note: string;
}

/** Of an update that has ended, what has not begun never will: it waits for nothing. */
const rowsOf = (tier: TierState, ended: boolean, called: (name: string) => string): readonly Row[] => {
  const never = ended && tier.state === "Waiting";
  return never ? [{ place: TIER_NAME[tier.name], state: "-", checks: "", note: "" }] : begunRows(tier, called);
};

const begunRows = (tier: TierState, called: (name: string) => string): readonly Row[] => [
  {
    place: TIER_NAME[tier.name],
    state: tier.state,
    checks: "",
    note: tier.total === 0 ? "nothing takes part yet" : `${tier.passed} of ${tier.total} passed`,
  },
  ...tier.targets.map(({ name, state, checks, attempt }) => ({
    place: `- ${called(name)}`,
    state,
    checks: checks ?? "-",
    note: attempt !== undefined && attempt > 1 ? `attempt ${attempt}` : "",
  })),
  ...(tier.total > tier.targets.length && tier.targets.length > 0
    ? [{ place: `- and ${tier.total - tier.targets.length} more`, state: "", checks: "", note: "" }]
    : []),
];

/** The targets its layers are compared with; none where they have come, or go back. */
const stillToCome = (update: Update, fleet: Fleet): readonly Target[] | undefined => {
  const { tier, phase } = update.status ?? {};
  return tier === undefined || isOver(update) || phase === "RollingBack" ? undefined : targetsOf(fleet, tier);
};

/** Everything of one update: what it is, where each target is, what is shut and who opens it. */
export function statusDetail(
  update: Update,
  fleet: Fleet,
  { paint, width }: Pick<Screen, "paint" | "width">,
  now: number,
): readonly string[] {
  const { metadata, spec, status } = update;
  const phase = status?.phase ?? "New";
  const tiers = status?.tiers ?? [];
  const called = (name: string): string => {
    const target = [...fleet.servers, ...fleet.mainframes].find((one) => one.metadata.name === name);
    return target === undefined ? name : shownAs(target);
  };
  const rows = tiers.flatMap((tier) => rowsOf(tier, isOver(update), called));
  const ignored = status?.conditions?.find(({ type, status: is }) => type === "ActionIgnored" && is === "True");
  return [
    `${paint.bold(shownAs(update))}: ${spec.description}`,
    `${spec.app} ${spec.version}, ${brought(spec, shortDigest)}, pushed by ${metadata.annotations?.[AUTHOR_KEY] ?? "somebody"} ${ago(metadata.creationTimestamp, now)} ago`,
    ...layerLines(spec, stillToCome(update, fleet), width - 2).map((line) => `  ${line}`),
    "",
    ...indented(
      `${phase}${status?.tier === undefined ? "" : ` at ${TIER_NAME[status.tier]}`}: ${withoutCommand(status?.message ?? whyNothingIsSaid(update, now))}.`,
      width,
      "",
    ).map((line, index) => (index === 0 ? line.replace(phase, paintState(paint, phase)) : line)),
    "",
    ...(rows.length === 0
      ? []
      : [
          ...table<Row>(
            [
              { title: "TIER", of: ({ place }) => place },
              { title: "STATE", of: ({ state }) => state, paint: (cell) => paintState(paint, cell)(cell) },
              { title: "CHECKS", of: ({ checks }) => checks },
              { title: "", of: ({ note }) => note, leave: 1 },
            ],
            rows,
            width,
          ),
          "",
        ]),
    ...(status?.blockedBy ?? []).flatMap(({ gate, message, who, command, since, clearsAt }) => [
      ...hanging(`Waits (${gate}, since ${ago(since, now)}): ${message}`, width),
      ...indented(`who: ${who}`, width, "  "),
      ...(clearsAt === undefined ? [] : [`  opens by itself at ${clearsAt}`]),
      ...(command === undefined ? [] : [`  ${command}`]),
      "",
    ]),
    ...(ignored === undefined ? [] : [...indented(`Asked and not done: ${ignored.message}`, width, ""), ""]),
  ];
}
