import { isMap, isScalar, isSeq } from "yaml";
import { GitRefusal } from "../refusal.ts";
import { documentName } from "./documents.ts";
import { itemName, pairOf } from "./locate.ts";
import type { Place, Step, Wanted } from "./place.ts";
import type { Source } from "./source.ts";
import { imageIn, repositoryOf, tagOf, type Values } from "./values.ts";

const CONTAINERS: ReadonlySet<string> = new Set(["containers", "initContainers", "ephemeralContainers"]);

interface Found {
  readonly place: Place;
  readonly image: string;
}

/** The `image` of every container, at whatever depth the kind keeps its pods. */
function imagesIn(source: Source): readonly Found[] {
  const found: Found[] = [];
  const walk = (node: unknown, path: readonly Step[], document: string | number, inContainers: boolean): void => {
    if (isMap(node)) {
      const image = inContainers ? pairOf(node, "image")?.value : undefined;
      if (isScalar(image) && typeof image.value === "string")
        found.push({ place: { document, path: [...path, "image"] }, image: image.value });
      for (const { key, value } of node.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        walk(value, [...path, name], document, isSeq(value) && CONTAINERS.has(name));
      }
    } else if (isSeq(node)) {
      const names = node.items.map(itemName);
      const counts = new Map<string | undefined, number>();
      for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const [index, item] of node.items.entries()) {
        const name = names[index];
        const own = name !== undefined && counts.get(name) === 1;
        walk(item, [...path, own ? { name } : index], document, inContainers);
      }
    }
  };
  for (const [index, { contents }] of source.documents.entries())
    walk(contents, [], documentName(source, index), false);
  return found;
}

/** Every container that runs the image, with the version for people and the digest for the machine. */
export function image(source: Source, asked: string | undefined, values: Values): readonly Wanted[] {
  const { name, digest } = imageIn(values, asked);
  const all = imagesIn(source);
  const ours = all.filter(({ image }) => repositoryOf(image) === name);
  if (ours.length === 0) {
    const there = [...new Set(all.map(({ image }) => repositoryOf(image)))].slice(0, 8).join(", ");
    throw new GitRefusal(
      "PathMissing",
      `${source.file} has no container with the image ${name}${there === "" ? "" : ` (there: ${there})`}. Correct image.name in the change of the Server, or the file.`,
    );
  }
  const value = `${name}:${tagOf(values["version"] ?? "")}@${digest}`;
  return ours.map(({ place }) => ({ place, value }));
}
