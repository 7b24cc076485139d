import type { Change } from "../../../api/git-target.ts";
import { image } from "./image.ts";
import { kustomizeImage } from "./kustomize-image.ts";
import { helmValue, yamlPath } from "./paths.ts";
import type { Wanted } from "./place.ts";
import type { Source } from "./source.ts";
import type { Values } from "./values.ts";

const IN_KUSTOMIZATION: Change = { kustomizeImage: { file: "kustomization.yaml" } };

/** What a delivery writes where the Server does not say: the image of the artifact in kustomization.yaml. */
export const changesOf = (change: readonly Change[] | undefined): readonly Change[] => change ?? [IN_KUSTOMIZATION];

export const fileOf = ({ kustomizeImage, image, helmValue, yaml }: Change): string =>
  (kustomizeImage ?? image ?? helmValue ?? yaml)?.file ?? "";

/** What shall stand where in the file of a change, for one update. */
export function wantedBy(source: Source, change: Change, values: Values): readonly Wanted[] {
  if (change.kustomizeImage) return kustomizeImage(source, change.kustomizeImage.name, values);
  if (change.image) return image(source, change.image.name, values);
  if (change.helmValue) return helmValue(source, change.helmValue, values);
  return change.yaml === undefined ? [] : yamlPath(source, change.yaml, values);
}
