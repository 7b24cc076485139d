import { isMap, isSeq } from "yaml";
import { GitRefusal } from "../refusal.ts";
import { documentName, theDocument } from "./documents.ts";
import { itemName, pairOf } from "./locate.ts";
import type { Step, Wanted } from "./place.ts";
import type { Source } from "./source.ts";
import { imageIn, tagOf, type Values } from "./values.ts";

/** newTag and digest of an entry of `images`; whichever is not there yet is added to the entry. */
export function kustomizeImage(source: Source, asked: string | undefined, values: Values): readonly Wanted[] {
  const { name, digest } = imageIn(values, asked);
  const index = theDocument(source, undefined, undefined);
  const contents = source.documents[index]?.contents;
  const images = isMap(contents) ? pairOf(contents, "images")?.value : undefined;
  const names = isSeq(images) ? images.items.map(itemName) : [];
  const same = names.filter((other) => other === name).length;
  if (same !== 1)
    throw new GitRefusal(
      "PathMissing",
      same > 1
        ? `${source.file} has ${same} entries of images named ${name}. Leave one.`
        : `${source.file} has no entry ${name} in images${names.length === 0 ? "" : ` (there: ${names.filter((x) => x !== undefined).join(", ")})`}. Add it once: "images: [{name: ${name}, newTag: ...}]".`,
    );
  const path = (key: string): readonly Step[] => ["images", { name }, key];
  const document = documentName(source, index);
  return [
    { place: { document, path: path("newTag") }, value: tagOf(values["version"] ?? ""), addAfter: ["name", "newName"] },
    { place: { document, path: path("digest") }, value: digest, addAfter: ["name", "newName", "newTag"] },
  ];
}
