import type { DeploymentStatus } from "../api/deployment.ts";
import type { RecordSpec, TimeGate } from "../api/record.ts";
import type { State } from "../api/states.ts";

/** States in which something is meant to happen; the others are where one may stay. */
const TIMED = ["Waiting", "Delivering", "Verifying", "Held", "RollingBack"] as const satisfies readonly State[];
type Timed = (typeof TIMED)[number];
const timed = (state: State): Timed | undefined => TIMED.find((one) => one === state);

const secondsFrom = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);

/** How long each target of a new record was in the state it leaves with it; `before` is the chain up to it. */
export function stays(
  record: RecordSpec,
  before: readonly RecordSpec[],
): readonly { readonly phase: Timed; readonly seconds: number }[] {
  const { targets = [], to, time } = record;
  if (targets.length === 0) return [];
  const since = new Map<string, { readonly state: State; readonly time: string }>();
  for (const older of before)
    for (const { uid } of older.targets ?? [])
      if (since.get(uid)?.state !== older.to) since.set(uid, { state: older.to, time: older.time });
  // A tier waits from when the one before it has passed, the first one from the creation.
  const opened = before.findLast(({ completes }) => completes === true) ?? before[0];
  return targets.flatMap(({ uid }) => {
    const was = since.get(uid) ?? (opened && { state: "Waiting" as const, time: opened.time });
    const phase = was && timed(was.state);
    return was === undefined || phase === undefined || was.state === to
      ? []
      : [{ phase, seconds: secondsFrom(was.time, time) }];
  });
}

/** How long a gate that a person opened with this record had been shut; once, however many records the opening takes. */
export function wait(
  record: RecordSpec,
  before: readonly RecordSpec[],
  { blockedBy = [] }: DeploymentStatus,
): { readonly gate: "approvals" | "held"; readonly seconds: number } | undefined {
  const gate = gateOpened(record);
  const since = blockedBy.find((shut) => shut.gate === gate)?.since;
  if (gate === undefined || since === undefined) return undefined;
  const told = before.some(
    (older) => older.tier === record.tier && gateOpened(older) === gate && Date.parse(older.time) >= Date.parse(since),
  );
  return told ? undefined : { gate, seconds: secondsFrom(since, record.time) };
}

function gateOpened({ from, approvals = [], actor }: RecordSpec): "approvals" | "held" | undefined {
  if (from === "Waiting" && approvals.length > 0) return "approvals";
  return from === "Held" && actor.known !== "Operator" ? "held" : undefined;
}

/** What this record says of a delivery or a restore that is over. */
export function way({
  from,
  to,
}: RecordSpec):
  { readonly action: "deliver" | "restore"; readonly outcome: "succeeded" | "failed" | "abandoned" } | undefined {
  if (from !== "Delivering" && from !== "RollingBack") return undefined;
  const action = from === "Delivering" ? "deliver" : "restore";
  if (to === from) return undefined;
  if (to === "Held") return { action, outcome: "failed" };
  return { action, outcome: to === "Verifying" || to === "RolledBack" ? "succeeded" : "abandoned" };
}

export const overridesUsed = ({ overrides = [] }: RecordSpec): readonly TimeGate[] => [
  ...new Set(overrides.flatMap(({ gates }) => gates)),
];
