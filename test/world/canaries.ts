/** A secret that nobody may ever read anywhere but where it was put. */
export interface Canary {
  readonly what: string;
  readonly secret: string;
}

/** The letters of base64 that stand for the secret wherever it begins in what was encoded. */
const base64s = (secret: string): readonly string[] =>
  [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const text = bytes.toString("base64").replaceAll("=", "");
    // The first and last letters are shared with what stands beside it.
    const own = text.slice(before === 0 ? 0 : before + 1, bytes.length % 3 === 0 ? undefined : -1);
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });

/** Every way to spell a secret that a log, an error or a status might use by accident. */
export const spellingsOf = (secret: string): readonly string[] => {
  const json = JSON.stringify(secret).slice(1, -1);
  const hex = Buffer.from(secret).toString("hex");
  const percent = encodeURIComponent(secret);
  return [
    ...new Set([
      secret,
      json,
      JSON.stringify(json).slice(1, -1),
      percent,
      percent.toLowerCase(),
      encodeURI(secret),
      hex,
      hex.toUpperCase(),
      ...base64s(secret),
      ...base64s(percent),
    ]),
  ];
};

/** Where canaries were seen: which, in which text, and what stands around it. */
export const sightings = (canaries: readonly Canary[], texts: ReadonlyMap<string, string>): readonly string[] =>
  canaries.flatMap(({ what, secret }) =>
    [...texts].flatMap(([where, text]) => {
      const spelled = spellingsOf(secret).find((spelling) => text.includes(spelling));
      if (spelled === undefined) return [];
      const at = text.indexOf(spelled);
      return [`${what} in ${where}: ...${text.slice(Math.max(0, at - 80), at)}<here>`];
    }),
  );
