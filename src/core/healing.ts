import { hasSequence } from "./begin-restore.ts";
import { releaseOf } from "./cleanup.ts";
import type { Effect, Part } from "./decision.ts";
import { layersToHeal, namedLayers } from "./layers.ts";
import { namesOf } from "./names.ts";
import type { Observed, SeenTarget } from "./observed.ts";
import { MOVED_AT_ONCE, nextRecord, recordTarget, write } from "./record.ts";
import type { Begun } from "./rollback.ts";
import { appState, nextSequence, running, type Situation, targetsIn } from "./situation.ts";
import { DRIFTED } from "./target.ts";
import { isServer } from "./tiers.ts";
import { openingOf } from "./windows.ts";

export const HEALED = "DriftHealed";

/**
 * Delivers again what this update brought and what does not run any more, where the target says Heal. Not where somebody decided
 * otherwise since: then another update, or none, is known to be right there.
 */
export function healing(situation: Situation): Part {
  const { observed, now, tier } = situation;
  const { version } = observed.deployment.spec;
  const wanted = targetsIn(situation, "Passed").map((begun) => ({ begun, from: healsFrom(situation, begun) }));
  const all = wanted.flatMap(({ begun, from }) => (from <= now || hasSequence(situation, begun) ? [begun] : []));
  // One that was healed within the hour has its turn after it; an agent that is silent is asked again.
  const wakeAt = Math.min(...wanted.map(({ from }) => (from <= now ? now + observed.settings.retryMs : from)));
  const later: Part = Number.isFinite(wakeAt) ? { wakeAt } : {};
  if (all.length === 0) return later;
  const unasked = all.filter(({ seen }) => seen.agent.state === "NotAsked");
  if (unasked.length > 0) return { look: { agents: unasked.map(({ seen }) => seen.target.metadata.uid) } };
  const drifted = all.filter(({ seen }) => seen.agent.state === "Answered" && layersToHeal(situation, seen).length > 0);
  const needless = all.filter((begun) => hasSequence(situation, begun) && !drifted.includes(begun));
  if (needless.length > 0)
    return { effects: needless.map(({ seen }) => releaseOf(seen, observed.deployment.spec.app)) };
  const unclaimed = drifted.filter((begun) => !hasSequence(situation, begun));
  if (unclaimed.length > 0) return { effects: unclaimed.flatMap(({ seen }) => claim(situation, seen)) };
  const moving = drifted.slice(0, MOVED_AT_ONCE);
  if (moving.length === 0) return later;
  return {
    effects: [
      write(
        nextRecord(observed, now, {
          tier,
          from: "Passed",
          to: "Delivering",
          reason: HEALED,
          message: `${namesOf(moving.map(({ seen }) => seen.target))} ran something else than was delivered (${moving[0] ? ranThere(situation, moving[0].seen) : ""}): ${version} goes there again`,
          targets: moving.map(({ seen }) =>
            recordTarget(seen.target, {
              sequence: appState(seen.target, observed.deployment.spec.app)?.sequence ?? 0,
              ...namedLayers(situation, layersToHeal(situation, seen)),
            }),
          ),
        }),
      ),
    ],
  };
}

/** From when on it is healed, which may be long ago or never. Once in a while only: who keeps switching a target back by hand is not fought. */
function healsFrom({ observed, now, tier }: Situation, { seen: { target }, at }: Begun): number {
  const { metadata, spec } = observed.deployment;
  const app = appState(target, spec.app);
  if (target.spec.drift !== "Heal" || app === undefined || app.claim !== undefined || app.unsettled !== undefined)
    return Number.POSITIVE_INFINITY;
  if (app.deployment !== metadata.name || !isDrifted(target) || isUnlicensed(target)) return Number.POSITIVE_INFINITY;
  const last = observed.records.findLast(
    (record) =>
      record.reason === HEALED && record.tier === tier && record.targets?.some(({ uid }) => uid === at.uid) === true,
  );
  const again =
    last === undefined ? Number.NEGATIVE_INFINITY : Date.parse(last.time) + observed.settings.restoreEveryMs;
  return Math.max(again, opensAt(observed, target, now));
}

/** A delivery is one at night, too: the windows of the server, or of the OMEGA server that feeds it, hold for this one. */
function opensAt({ targets }: Observed, target: SeenTarget["target"], now: number): number {
  const servers = targets.flatMap(({ target: one }) => (isServer(one) ? [one] : []));
  const server = isServer(target) ? target : servers.find(({ metadata }) => metadata.name === target.spec.omega);
  const opening = openingOf(server?.spec.windows, now);
  if (opening.state === "Open") return Number.NEGATIVE_INFINITY;
  return opening.state === "Shut" ? (opening.opensAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

const isDrifted = ({ status }: SeenTarget["target"]): boolean =>
  status.conditions?.some(({ type, status: is }) => type === DRIFTED && is === "True") === true;

/** Its agent would refuse it, and what is held for that keeps every update from it. */
const isUnlicensed = ({ status }: SeenTarget["target"]): boolean =>
  status.conditions?.some(({ type, status: is }) => type === "Licensed" && is === "False") === true;

function ranThere({ observed }: Situation, { agent, target }: SeenTarget): string {
  const runs = agent.state === "Answered" ? running(target, agent.status, observed.deployment.spec.app) : undefined;
  if (runs === undefined) return "nothing";
  return runs.changed.length > 0 ? runs.changed.join("; ").slice(0, 512) : runs.version;
}

function claim({ observed }: Situation, { target, agent }: SeenTarget): readonly Effect[] {
  if (agent.state !== "Answered") return [];
  const { metadata, spec } = observed.deployment;
  return [
    {
      do: "claim",
      target,
      app: {
        ...appState(target, spec.app),
        app: spec.app,
        sequence: nextSequence(target, spec.app, agent.status),
        claim: { name: metadata.name, uid: metadata.uid, version: spec.version },
      },
    },
  ];
}
