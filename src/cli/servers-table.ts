import type { Condition } from "../api/meta.ts";
import type { Screen } from "./face.ts";
import { isServer, type Target, type Update } from "./kinds.ts";
import type { Fleet } from "./lookup.ts";
import { shownAs } from "./names.ts";
import { layersHere, runsHere } from "./runs.ts";
import { type Column, hanging, table } from "./table.ts";

const TIER_ORDER = ["Alpha", "Public", "Omega"] as const;

const conditionOf = ({ status }: Target, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

const tierTitle = (target: Target): string => {
  if (!isServer(target)) return `wave ${target.spec.wave}`;
  return target.spec.tier === "Public" ? "Public" : target.spec.tier.toUpperCase();
};

const claim = ({ status }: Target): string =>
  (status?.apps ?? []).flatMap(({ claim: by }) => (by === undefined ? [] : [by.name])).join(", ") || "-";

const readyWord = (target: Target): string => {
  const ready = conditionOf(target, "Ready");
  return ready === undefined || ready.status === "Unknown" ? "?" : ready.status === "True" ? "yes" : ready.reason;
};

const byName = (a: Target, b: Target): number => (shownAs(a) < shownAs(b) ? -1 : 1);

/** Servers in the order of an update, under each Omega server the mainframes it feeds, wave by wave. */
export function orderedTargets({ servers, mainframes }: Fleet): readonly Target[] {
  const fed = (omega: string): readonly Target[] =>
    mainframes.filter(({ spec }) => spec.omega === omega).toSorted((a, b) => a.spec.wave - b.spec.wave || byName(a, b));
  const orphans = mainframes.filter(({ spec }) => !servers.some(({ metadata }) => metadata.name === spec.omega));
  return [
    ...TIER_ORDER.flatMap((tier) =>
      servers
        .filter(({ spec }) => spec.tier === tier)
        .toSorted(byName)
        .flatMap((server) => [server, ...(tier === "Omega" ? fed(server.metadata.name) : [])]),
    ),
    ...orphans.toSorted(byName),
  ];
}

/** What an operator wants to know of a target that is not as it should be. */
export const troubleOf = (target: Target): readonly string[] => {
  const ready = conditionOf(target, "Ready");
  const wrong = ["Insecure", "Drifted"].flatMap((type) => {
    const condition = conditionOf(target, type);
    return condition?.status === "True" ? [`${type}: ${condition.message}`] : [];
  });
  const gate = conditionOf(target, "ApprovalGateEnforced");
  return [
    ...(ready === undefined || ready.status === "True" ? [] : [ready.message]),
    ...wrong,
    ...(gate?.status === "False" ? [`approvals cannot be trusted now: ${gate.message}`] : []),
  ];
};

export function serversTable(
  fleet: Fleet,
  updates: readonly Update[],
  { paint, width }: Pick<Screen, "paint" | "width">,
): readonly string[] {
  const targets = orderedTargets(fleet);
  const columns: readonly Column<Target>[] = [
    { title: "TIER", of: tierTitle },
    { title: "NAME", of: (target) => `${isServer(target) ? "" : "- "}${shownAs(target)}` },
    { title: "RUNS", of: (target) => runsHere(target, updates), leave: 1 },
    {
      title: "READY",
      of: readyWord,
      paint: (cell) => (cell === "yes" ? paint.good : cell === "?" ? paint.wait : paint.bad)(cell),
    },
    {
      title: "DRIFT",
      of: (target) => (conditionOf(target, "Drifted")?.status === "True" ? "drifted" : "-"),
      leave: 2,
      paint: (cell) => (cell === "-" ? cell : paint.bad(cell)),
    },
    { title: "TAKEN BY", of: claim, leave: 3 },
    { title: "AGENT", of: ({ status }) => status?.agentVersion ?? "-", leave: 5 },
    { title: "URL", of: (target) => target.spec.url ?? target.spec.agent?.url ?? "-", leave: 6 },
  ];
  const layered = layersHere(targets);
  const troubled = targets.flatMap((target) => troubleOf(target).map((why) => `${shownAs(target)}: ${why}`));
  return [
    ...table(columns, targets, width),
    ...(layered.length === 0 ? [] : ["", ...layered.flatMap((line) => hanging(line, width))]),
    ...(troubled.length === 0 ? [] : ["", ...troubled.flatMap((line) => hanging(line, width))]),
  ];
}
