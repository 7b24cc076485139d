import { usage } from "./no.ts";
import { quoted } from "./quoted.ts";
import type { Say } from "./next.ts";

const looksLikeId = (text: string): boolean => /^[a-z0-9][-._a-z0-9]*$/.test(text) && /[-._0-9]/.test(text);
const looksLikeWords = (text: string): boolean => /\s/.test(text) || (/\p{Lu}/u.test(text) && !/[-._0-9]/.test(text));

/** What an update brings, as people will read it who approve it; not where it stands in the place of the id. */
export function descriptionFrom(text: string, id: string, deploy: Say): string {
  const description = text.trim();
  if (description === "")
    throw usage(
      `The description of ${quoted(id)} is empty: it says what the update brings, to the people who approve it.`,
      deploy(`push ${quoted(id)} '<description>'`),
    );
  if (looksLikeWords(id) && looksLikeId(description))
    throw usage(
      `${quoted(id)} looks like a description, and ${description} like an id: did you swap them? Nothing was pushed.`,
      deploy(`push ${description} ${quoted(id)}`),
    );
  return text;
}
