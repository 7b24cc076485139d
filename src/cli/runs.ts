import type { AppState } from "../api/target.ts";
import type { Target, Update } from "./kinds.ts";
import { shownAs } from "./names.ts";

/** What an update that has a target for itself does there now. */
function doing(target: Target, claim: NonNullable<AppState["claim"]>, updates: readonly Update[]): string {
  const { status } = updates.find(({ metadata }) => metadata.uid === claim.uid) ?? {};
  const at = (status?.tiers ?? []).flatMap(({ targets }) =>
    targets.filter(({ name }) => name === target.metadata.name),
  );
  const is = at[0]?.state ?? status?.phase;
  return is === "Held" ? "held" : is === "RollingBack" ? "going back" : "under way";
}

/** What was last verified on a target, and what is at work there beside it: nobody knows of that yet whether it is right. */
export function runsHere(target: Target, updates: readonly Update[]): string {
  const parts = (target.status?.apps ?? []).flatMap(({ app, version, claim }) => {
    if (version === undefined && claim === undefined) return [];
    const beside = claim === undefined ? "" : ` (${claim.version} ${doing(target, claim, updates)})`;
    return [`${app === "default" ? "" : `${app} `}${version ?? "-"}${beside}`];
  });
  return parts.join(", ") || "-";
}

const NAMED = 3;

/** Where an app has several layers: what runs of each, and which of them the update that passed last brought. */
export function layersHere(targets: readonly Target[]): readonly string[] {
  const said = targets.flatMap((target) =>
    (target.status?.apps ?? []).flatMap((state) => {
      const sentence = layersOfApp(state);
      return sentence === undefined ? [] : [{ name: shownAs(target), sentence }];
    }),
  );
  return [...Map.groupBy(said, ({ sentence }) => sentence)].map(([sentence, on]) => {
    const names = on.slice(0, NAMED).map(({ name }) => name);
    const more = on.length > NAMED ? ` and ${on.length - NAMED} more` : "";
    return `${names.join(", ")}${more}: ${sentence}`;
  });
}

function layersOfApp({ app, version, layers, before, deployment }: AppState): string | undefined {
  if (layers === undefined || version === undefined) return undefined;
  const was = before?.layers ?? [];
  const fresh = layers.filter(({ layer, digest }) => !was.some((old) => old.layer === layer && old.digest === digest));
  const all = layers.map((one) => `${one.layer} ${one.version}`).join(", ");
  const by = deployment ?? "the last update";
  return `${app} ${version} is ${all}${fresh.length === layers.length ? "" : `; ${by} brought ${fresh.length === 0 ? "none of them anew" : fresh.map(({ layer }) => layer).join(", ")}`}`;
}
