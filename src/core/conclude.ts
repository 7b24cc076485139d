import { actionsOf } from "../api/actions.ts";
import type { Decision, Effect, Look, Part } from "./decision.ts";
import { ignoredActions, ignoredWarnings } from "./ignored.ts";
import type { Observed } from "./observed.ts";
import { overrideWarnings } from "./overrides.ts";
import type { Progress } from "./progress.ts";
import { eventOf, type Say, statusOf } from "./status.ts";

/** What the parts want to know comes before what they want to do, and one of them does something at a time. */
export function next(observed: Observed, parts: readonly Part[]): Decision | undefined {
  const look = mergeLooks(parts);
  if (look !== undefined) return { kind: "look", look };
  const due = parts.find((part) => (part.effects ?? []).length > 0)?.effects;
  return due && effects(observed, due);
}

export function earliest(parts: readonly Part[]): number | undefined {
  const times = parts.flatMap((part) => (part.wakeAt === undefined ? [] : [part.wakeAt]));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** What cannot be undone needs a consistent read first, and what a person asked the policies as they are after it; then it is decided again. */
export function effects(observed: Observed, list: readonly Effect[]): Decision {
  const asked = list.some((effect) => effect.do === "record" && effect.record.actor.known !== "Operator");
  if (observed.live && (observed.proven || !asked)) return { kind: "act", effects: list };
  return { kind: "look", look: { ...NOTHING, live: true, policies: asked } };
}

export function rest(
  observed: Observed,
  progress: Progress,
  now: number,
  say: Omit<Say, "note">,
  wakeAt?: number,
): Decision {
  const note = ignoredActions(observed, progress, say.tier, now);
  const status = statusOf(observed, progress, { ...say, ...(note && { note }) }, now);
  const event = eventOf(observed.deployment.status, status);
  const warnings = [...overrideWarnings(observed), ...ignoredWarnings(observed.deployment.status, status)];
  const times = [wakeAt, asksAgain(observed, progress, now)].flatMap((time) => (time === undefined ? [] : [time]));
  return {
    kind: "rest",
    status,
    ...(event && { event }),
    ...(warnings.length > 0 && { warnings }),
    ...(times.length > 0 && { wakeAt: Math.min(...times) }),
  };
}

/** What is asked of an update that is through waits for policies that nobody else tells it of. */
const asksAgain = ({ deployment, policies, settings }: Observed, { rollbacks }: Progress, now: number) =>
  policies.state === "NotInForce" &&
  actionsOf(deployment.metadata.annotations).some(
    ({ verb, tier }) => verb === "rollback" && rollbacks.every((asked) => asked.tier !== tier),
  )
    ? now + settings.retryMs
    : undefined;

export const NOTHING: Look = { live: false, policies: false, agents: [], orders: [] };

function mergeLooks(parts: readonly Part[]): Look | undefined {
  const looks = parts.flatMap((part) => (part.look ? [part.look] : []));
  if (looks.length === 0) return undefined;
  return {
    ...NOTHING,
    agents: [...new Set(looks.flatMap((look) => look.agents ?? []))],
    orders: looks.flatMap((look) => look.orders ?? []),
  };
}
