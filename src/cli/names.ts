import { GROUP } from "../api/group.ts";
import type { KubeObject } from "../kube/types.ts";
import { usage } from "./no.ts";

/** Where a name that Kubernetes does not allow is kept as it was typed. */
export const DISPLAY_NAME = `${GROUP}/display-name`;

/** `PublicStaging` is `public-staging` to Kubernetes: words are parted at capitals, everything else becomes a dash. */
export function kubeName(typed: string, longest: number): string {
  const name = typed
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1-$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  if (name === "" || typed.length > 253 || /\p{Cc}/u.test(typed))
    throw usage(`"${typed.slice(0, 60)}" cannot be a name: a name is one line with at least one of a-z and 0-9.`);
  if (name.length > longest)
    throw usage(
      `"${typed}" is too long for a name: as ${name} it has ${name.length} characters, and ${longest} are allowed.`,
    );
  return name;
}

/** A name as Kubernetes itself takes it; `kubectl` may have given one with dots. */
export const isKubeName = (typed: string): boolean => /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/.test(typed);

export const LONGEST_UPDATE = 52;
export const LONGEST_TARGET = 63;

/** What is kept beside the name, where the name is not what was typed. */
export const displayed = (typed: string, name: string): Readonly<Record<string, string>> =>
  typed === name ? {} : { [DISPLAY_NAME]: typed };

/** Whoever may edit an object may write anything into its annotations: only what is one harmless line is shown. */
export function shownAs({ metadata }: Pick<KubeObject, "metadata">): string {
  const typed = metadata.annotations?.[DISPLAY_NAME];
  return typed === undefined || !/^[\p{L}\p{N}\p{P}\p{S} ]{1,253}$/u.test(typed) ? metadata.name : typed;
}

/** An id as the next command can carry it. */
export const idOf = (object: Pick<KubeObject, "metadata">): string => {
  const typed = shownAs(object);
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(typed) ? typed : object.metadata.name;
};

/** Whether this object is the one that was typed: by its name, or as it is shown. */
export const isCalled = (object: Pick<KubeObject, "metadata">, typed: string): boolean =>
  object.metadata.name === typed || shownAs(object) === typed;
