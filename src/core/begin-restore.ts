import type { RecordBody } from "../api/record.ts";
import type { Effect, Part } from "./decision.ts";
import type { SeenTarget } from "./observed.ts";
import { MOVED_AT_ONCE, nextRecord, recordTarget, timeOf, write } from "./record.ts";
import type { Begun } from "./rollback.ts";
import { appState, isClaimedBy, nextSequence, type Situation } from "./situation.ts";

/** Why something is restored; `byItself` where nobody asked, which is done once in a while only. */
export interface Cause extends Pick<RecordBody, "reason" | "message"> {
  readonly actor?: RecordBody["actor"];
  readonly byItself?: true;
}

/** A sequence above everything the target has seen, then the record of the move under it; the order follows the record. */
export function beginRestore(situation: Situation, all: readonly Begun[], cause: Cause): Part {
  const { observed, now, tier } = situation;
  const begun = all.filter(({ seen }) => !isTakenByAnother(situation, seen));
  const unasked = begun.filter(({ seen }) => seen.agent.state === "NotAsked");
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };
  const unclaimed = begun.filter((one) => !hasSequence(situation, one));
  if (unclaimed.length > 0) return { effects: unclaimed.map(({ seen }) => claim(situation, seen, cause)) };
  const from = begun[0]?.at.state;
  if (from === undefined) return {};
  const { reason, message, actor } = cause;
  const targets = begun
    .filter(({ at }) => at.state === from)
    .slice(0, MOVED_AT_ONCE)
    .map(({ seen }) =>
      recordTarget(seen.target, { sequence: appState(seen.target, observed.deployment.spec.app)?.sequence ?? 0 }),
    );
  return {
    effects: [
      write(
        nextRecord(observed, now, { tier, from, to: "RollingBack", reason, message, targets, ...(actor && { actor }) }),
      ),
    ],
  };
}

/** On ALPHA and PUBLIC a newer update takes over what is held: nothing is put back under its hands. */
function isTakenByAnother({ observed }: Situation, { target }: SeenTarget): boolean {
  const { metadata, spec } = observed.deployment;
  const claim = appState(target, spec.app)?.claim;
  return claim !== undefined && claim.uid !== metadata.uid;
}

/** Whether the claim of this restore stands: it is this update's, above the sequence of what the target did last. */
export function hasSequence({ observed }: Situation, { seen, at }: Begun): boolean {
  const { metadata, spec } = observed.deployment;
  return (
    isClaimedBy(seen.target, spec.app, metadata.uid) && (appState(seen.target, spec.app)?.sequence ?? 0) > at.sequence
  );
}

/** Above what is stored; also above what the target has seen, where it says so. One that is silent may make this too low: then it is asked again. */
function claim({ observed, now }: Situation, { target, agent }: SeenTarget, { byItself }: Cause): Effect {
  const { metadata, spec } = observed.deployment;
  const before = appState(target, spec.app);
  const stored = (before?.sequence ?? 0) + 1;
  const sequence = agent.state === "Answered" ? nextSequence(target, spec.app, agent.status) : stored;
  return {
    do: "claim",
    target,
    app: {
      ...before,
      app: spec.app,
      sequence,
      claim: { name: metadata.name, uid: metadata.uid, version: spec.version },
      ...(byItself && { restoredAt: timeOf(now) }),
    },
  };
}
