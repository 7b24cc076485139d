import { GROUP } from "../api/group.ts";
import type { ServerObject } from "./kinds.ts";
import { tierOf } from "./lookup.ts";
import { usage } from "./no.ts";

/** On the Alpha or Public Server: where the archives of its updates are, with {id}, {version} and {app} in it. */
export const ARCHIVE_URL = `${GROUP}/archive-url`;
/** The same for somebody's own shell. */
export const ARCHIVE_URL_VARIABLE = "ASHAT_ARCHIVE_URL";

const PLACEHOLDERS = ["id", "version", "app"] as const;
type Values = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/** A template somebody typed, before it is kept. */
export function archiveTemplate(typed: string): string {
  const unknown = [...typed.matchAll(/\{([^}]*)\}/g)]
    .map(([, word = ""]) => word)
    .filter((word) => !isPlaceholder(word));
  if (unknown.length > 0)
    throw usage(`{${unknown.join("}, {")}} is not known in an archive URL: it may have {id}, {version} and {app}.`);
  if (!/^https:\/\/[^\s/@]+\/\S*$/.test(typed) || typed.length > 2048)
    throw usage(
      `${typed.slice(0, 100)} is no archive URL: it is https:// and a path, e.g. https://alpha.example/ra-{version}.tgz.`,
    );
  return typed;
}

const isPlaceholder = (word: string): word is (typeof PLACEHOLDERS)[number] =>
  PLACEHOLDERS.some((known) => known === word);

export const needsVersion = (template: string): boolean => template.includes("{version}");

export const filled = (template: string, values: Values): string =>
  template.replace(/\{(id|version|app)\}/g, (whole, word: string) =>
    isPlaceholder(word) ? encodeURIComponent(values[word]) : whole,
  );

/** What is known about where archives are: what was said now, this shell, the ALPHA server, the Public server. */
export function knownTemplate({
  option,
  variable,
  servers,
}: {
  readonly option?: string | undefined;
  readonly variable?: string | undefined;
  readonly servers: readonly ServerObject[];
}): string | undefined {
  const kept = (tier: "alpha" | "public"): string | undefined =>
    servers
      .filter((server) => tierOf(server) === tier)
      .map((server) => server.metadata.annotations?.[ARCHIVE_URL])
      .find((url) => url !== undefined);
  return option ?? (variable === "" ? undefined : variable) ?? kept("alpha") ?? kept("public");
}
