import type { Update } from "./kinds.ts";
import { shownAs } from "./names.ts";
import { isOver, nextOf, type Say } from "./next.ts";
import type { Screen } from "./face.ts";
import { type Column, table } from "./table.ts";
import { unseen, whyNothingIsSaid } from "./unseen.ts";
import { ago, paintState, TIER_NAME } from "./words.ts";
import { withoutCommand } from "./where.ts";

const DAY_MS = 86_400_000;
const ENDED_SHOWN = 5;

const endedAt = ({ status, metadata }: Update): number =>
  Date.parse(
    status?.conditions?.find(({ type }) => type === "Succeeded")?.lastTransitionTime ??
      metadata.creationTimestamp ??
      "",
  );

const createdAt = ({ metadata }: Update): string => `${metadata.creationTimestamp ?? ""} ${metadata.name}`;

/** Those under way, the newest first, then those that ended lately; how many are left out. */
export function shownUpdates(
  updates: readonly Update[],
  now: number,
  all: boolean,
): { readonly shown: readonly Update[]; readonly leftOut: number } {
  const newestFirst = updates.toSorted((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1));
  if (all) return { shown: newestFirst, leftOut: 0 };
  const under = newestFirst.filter((update) => !isOver(update));
  const ended = newestFirst.filter(isOver).toSorted((a, b) => endedAt(b) - endedAt(a));
  const lately = ended.filter(
    (update, index) => index < ENDED_SHOWN && (under.length === 0 || now - endedAt(update) < DAY_MS),
  );
  return { shown: [...under, ...lately], leftOut: ended.length - lately.length };
}

/** One row per update; below, what each that waits for somebody waits for. */
export function statusTable(
  updates: readonly Update[],
  { paint, width }: Pick<Screen, "paint" | "width">,
  now: number,
  deploy: Say,
): readonly string[] {
  const columns: readonly Column<Update>[] = [
    { title: "ID", of: shownAs },
    {
      title: "VERSION",
      of: ({ spec }) => (spec.app === "default" ? spec.version : `${spec.app} ${spec.version}`),
      leave: 2,
    },
    {
      title: "PHASE",
      of: ({ status }) => status?.phase ?? "New",
      paint: (cell) => paintState(paint, cell)(cell),
    },
    { title: "TIER", of: ({ status }) => (status?.tier === undefined ? "-" : TIER_NAME[status.tier]), leave: 3 },
    { title: "CHECKS", of: ({ status }) => status?.readiness ?? "-", leave: 5 },
    { title: "APPROVAL", of: ({ status }) => status?.approval ?? "-", leave: 4 },
    { title: "MAINFRAMES", of: ({ status }) => status?.mainframes ?? "-", leave: 6 },
    { title: "AGE", of: ({ metadata }) => ago(metadata.creationTimestamp, now), leave: 1 },
  ];
  const waiting = updates.filter((update) => (update.status?.blockedBy ?? []).length > 0 || unseen(update, now));
  return [
    ...table(columns, updates, width),
    ...(waiting.length === 0
      ? []
      : [
          "",
          ...table([{ title: "WAITING", of: shownAs }], waiting, width, {
            title: "FOR",
            of: (update) => {
              const next = nextOf(update, deploy, now);
              return `${withoutCommand(update.status?.message ?? whyNothingIsSaid(update, now))}.${next === undefined ? "" : ` Next: ${next}`}`;
            },
          }),
        ]),
  ];
}
