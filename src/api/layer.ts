import { z } from "zod";
import { type Artifact, Artifact as ArtifactField, digestOf } from "./artifact.ts";
import { label, listMap, text } from "./fields.ts";
import { hashOf } from "./hash.ts";
import { rules } from "./rule.ts";
import { versionField } from "./version-field.ts";

/** The name of the layer of an update that has one artifact. */
export const MAIN = "main";

const MOST = 16;

const LayerField = z.object({
  name: label("The layer, e.g. database; its archive names it in ashat.json."),
  version: versionField(
    "The version its archive names, where this layer has not changed since an older one; that of the update where absent.",
  ).optional(),
  artifact: ArtifactField,
  dependsOn: z
    .array(label("Another layer of this update."))
    .max(MOST)
    .optional()
    .describe("Layers that must be delivered before this one; without any it goes at once."),
});

/** A circle among them is nothing that CEL of Kubernetes 1.30 can see at a bearable cost: the operator refuses it. */
export const Layers = rules(
  listMap(
    LayerField,
    "name",
    MOST,
    "The parts of an update, each with an artifact of its own: those that do not depend on each other are delivered at once.",
  ).min(1),
  [
    {
      cel: "self.all(l, self.exists_one(m, m.name == l.name))",
      message: "two layers have the same name: each is named once",
      holds: (layers) => new Set(layers.map(({ name }) => name)).size === layers.length,
    },
    {
      cel: "self.all(l, !has(l.dependsOn) || l.dependsOn.all(d, d != l.name && self.exists(m, m.name == d)))",
      message: "dependsOn names other layers of this update",
      holds: (layers) =>
        layers.every(({ name, dependsOn = [] }) =>
          dependsOn.every((on) => on !== name && layers.some((other) => other.name === on)),
        ),
    },
  ],
);

/** One part of an update, whichever way the update was written. */
export interface Layer {
  readonly name: string;
  readonly version: string;
  readonly artifact: Artifact;
  readonly dependsOn: readonly string[];
}

interface Bringing {
  readonly version: string;
  readonly artifact?: Artifact | undefined;
  readonly layers?: z.output<typeof Layers> | undefined;
}

/** What an update brings, each layer after those it depends on; those of a circle, which is never delivered, come last. */
export function layersOf(spec: Bringing): readonly Layer[] {
  const { placed, left } = inOrder([], written(spec));
  return [...placed, ...left];
}

/** The layers that wait for each other, and whatever depends on those: nothing of them could ever begin. */
export const layersInCircle = (spec: Bringing): readonly string[] =>
  inOrder([], written(spec)).left.map(({ name }) => name);

function written({ version, artifact, layers = [] }: Bringing): readonly Layer[] {
  if (artifact !== undefined) return [{ name: MAIN, version, artifact, dependsOn: [] }];
  return layers.map((layer) => ({
    name: layer.name,
    version: layer.version ?? version,
    artifact: layer.artifact,
    dependsOn: layer.dependsOn ?? [],
  }));
}

function inOrder(
  placed: readonly Layer[],
  left: readonly Layer[],
): { readonly placed: readonly Layer[]; readonly left: readonly Layer[] } {
  const next = left.find(({ dependsOn }) => left.every(({ name }) => !dependsOn.includes(name)));
  if (next === undefined) return { placed, left };
  return inOrder(
    [...placed, next],
    left.filter((layer) => layer !== next),
  );
}

/** An order for a layer that its update does not have is a mistake of this program. */
export function layerOf(
  { metadata, spec }: { readonly metadata: { readonly name: string }; readonly spec: Bringing },
  name: string,
): Layer {
  const found = layersOf(spec).find((layer) => layer.name === name);
  if (found === undefined) throw new Error(`${metadata.name} has no layer ${name}`);
  return found;
}

/** What one layer of a target is, or is to be. */
export const LayerRelease = z.object({
  layer: label("The layer."),
  version: text(64, "Its version."),
  digest: text(80, "Its artifact."),
});
export type LayerRelease = z.output<typeof LayerRelease>;

export const layerReleases = (description: string) => z.array(LayerRelease).max(MOST).optional().describe(description);

export const isOnlyMain = (list: readonly { readonly layer: string }[]): boolean =>
  list.length === 1 && list[0]?.layer === MAIN;

/** The content of several layers as one: that of the artifact where there is one, else a hash over all of them, in any order. */
export function digestOfLayers(list: readonly { readonly layer: string; readonly digest: string }[]): string {
  if (isOnlyMain(list)) return list[0]?.digest ?? "";
  const sorted = list
    .map(({ layer, digest }) => ({ layer, digest }))
    .sort((a, b) => (a.layer < b.layer ? -1 : a.layer > b.layer ? 1 : 0));
  return `layers:${hashOf(sorted)}`;
}

export const releasesOf = (spec: Bringing): readonly LayerRelease[] =>
  layersOf(spec).map(({ name, version, artifact }) => ({ layer: name, version, digest: digestOf(artifact) }));

/** All that an update brings, as one digest: equal ones are the same update under whatever name. */
export const digestOfUpdate = (spec: Bringing): string => digestOfLayers(releasesOf(spec));
