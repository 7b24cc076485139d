import type { Artifact } from "../../../api/artifact.ts";
import { digestOf } from "../../../api/artifact.ts";
import { GitRefusal } from "../refusal.ts";

/** What the words in braces stand for. */
export type Values = Readonly<Record<string, string>>;

export function valuesOf(
  { app, layer, version }: { readonly app: string; readonly layer: string; readonly version: string },
  artifact: Artifact,
): Values {
  const { archive, git, image } = artifact;
  return {
    app,
    layer,
    version,
    digest: digestOf(artifact),
    ...(image && { ref: image.ref }),
    ...(git && { commit: git.commit, url: git.url }),
    ...(archive && { url: archive.url, sha256: archive.sha256 }),
  };
}

const HELD_BY: Readonly<Record<string, string>> = {
  ref: "an image",
  commit: "a git artifact",
  url: "an archive or a git artifact",
  sha256: "an archive",
};

/** A value with its words replaced; one that this artifact does not have is a refusal and never an empty text. */
export const filled = (template: string, values: Values): string => {
  const text = template.replace(/\{([a-z0-9]+)\}/g, (word, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return value;
    const holder = HELD_BY[name];
    throw new GitRefusal(
      "ValueMissing",
      holder === undefined
        ? `${word} in the change of the Server is none of {version}, {digest}, {ref}, {commit}, {url}, {sha256}, {app}, {layer}.`
        : `${word} in the change of the Server is known of ${holder} only, and this update is something else.`,
    );
  });
  if (/\p{Cc}/u.test(text))
    throw new GitRefusal(
      "ValueMissing",
      "A value that is to be written has a line break or another control character.",
    );
  return text;
};

/** A version as the tag of an image: registries know no `+`. */
export const tagOf = (version: string): string => version.replaceAll("+", "_");

/** The repository of an image without tag and digest. */
export function repositoryOf(image: string): string {
  const [plain = ""] = image.split("@");
  const colon = plain.lastIndexOf(":");
  return colon > plain.lastIndexOf("/") ? plain.slice(0, colon) : plain;
}

/** The image an update brings, as a change names it. */
export function imageIn(values: Values, name: string | undefined): { readonly name: string; readonly digest: string } {
  const { ref, digest } = values;
  if (ref !== undefined && digest !== undefined) return { name: name ?? ref, digest };
  throw new GitRefusal(
    "ValueMissing",
    "The Server changes an image, and the artifact of this update is none. Change a helmValue or a yaml path instead, or deliver an image.",
  );
}
