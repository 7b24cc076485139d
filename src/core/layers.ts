import { digestOf } from "../api/artifact.ts";
import { type Layer, layersOf } from "../api/layer.ts";
import type { OrderKeyParts } from "../api/order.ts";
import type { RecordSpec, RecordTarget } from "../api/record.ts";
import type { Observed, SeenTarget } from "./observed.ts";
import type { TargetProgress } from "./progress.ts";
import type { Situation } from "./situation.ts";

/** The layers of an update, each after those it depends on. */
export const layersOfUpdate = ({ deployment }: Pick<Observed, "deployment">): readonly Layer[] =>
  layersOf(deployment.spec);

/** The layers of this update that a target does not run; unknown is not there. */
export function missingLayers({ observed }: Pick<Situation, "observed">, { agent }: SeenTarget): readonly Layer[] {
  const { app } = observed.deployment.spec;
  const runs = agent.state === "Answered" ? agent.status.apps.filter((item) => item.app === app) : [];
  return layersOfUpdate(observed).filter(
    ({ name, artifact }) => !runs.some(({ layer, digest }) => layer === name && digest === digestOf(artifact)),
  );
}

/** The layers that do not run as they were delivered: another release, or parts of it that somebody changed. */
export function layersToHeal(situation: Pick<Situation, "observed">, seen: SeenTarget): readonly Layer[] {
  const { app } = situation.observed.deployment.spec;
  const changed =
    seen.agent.state === "Answered"
      ? seen.agent.status.apps.filter((item) => item.app === app && item.changed !== undefined)
      : [];
  const missing = missingLayers(situation, seen);
  return layersOfUpdate(situation.observed).filter(
    (layer) => missing.some(({ name }) => name === layer.name) || changed.some((item) => item.layer === layer.name),
  );
}

/** For a record: which layers a target is given, where there are several that one could mean. */
export const namedLayers = (
  { observed }: Pick<Situation, "observed">,
  layers: readonly Layer[],
): Pick<RecordTarget, "layers"> =>
  observed.deployment.spec.layers === undefined ? {} : { layers: layers.map(({ name }) => name) };

/** The layers that go to a target with the move it is at; those that ran there already are not among them. */
export const layersUnderWay = (
  { observed }: Pick<Situation, "observed">,
  { uid, record }: Pick<TargetProgress, "uid" | "record">,
): readonly Layer[] => layersIn(observed, [record], uid);

/** The layers of this update that were delivered to a target; all of them where it ran the update without a delivery. */
export function layersToPutBack(
  { observed }: Pick<Situation, "observed">,
  { uid }: Pick<TargetProgress, "uid">,
): readonly Layer[] {
  const delivered = observed.records.filter(({ to }) => to === "Delivering");
  const layers = layersIn(observed, delivered, uid);
  return layers.length === 0 ? layersOfUpdate(observed) : layers;
}

function layersIn(observed: Observed, records: readonly RecordSpec[], uid: string): readonly Layer[] {
  const moved = records.flatMap(({ targets = [] }) => targets.filter((target: RecordTarget) => target.uid === uid));
  return layersOfUpdate(observed).filter(({ name }) =>
    moved.some(({ layers }) => layers === undefined || layers.includes(name)),
  );
}

/** How many layers, one after the other, it takes until each is through: every one of them has a time of its own. In their order. */
export function depthsOf(layers: readonly Layer[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  for (const { name, dependsOn } of layers)
    depths.set(name, 1 + Math.max(0, ...dependsOn.map((on) => depths.get(on) ?? 0)));
  return depths;
}

export const layerOrder = (
  { observed }: Pick<Situation, "observed">,
  { uid, sequence }: TargetProgress,
  layer: Pick<Layer, "name">,
): OrderKeyParts => ({ targetUid: uid, app: observed.deployment.spec.app, layer: layer.name, sequence });

/** A sentence about one layer says which, where the update has several. */
export const ofLayer = ({ observed }: Situation, { name }: Layer, sentence: string): string =>
  observed.deployment.spec.layers === undefined ? sentence : `layer ${name}: ${sentence.replace(/(?<!\.)\.$/, "")}`;
