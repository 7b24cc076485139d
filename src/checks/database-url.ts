const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** A server that answers may spell what it was told in its own way. */
const encodings = (secret: string): readonly string[] => {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  return [bytes.toString("base64"), bytes.toString("base64url"), hex, hex.toUpperCase()];
};

/** The URL of a database, taken apart so that messages can name the place and never the secret. */
export interface DatabaseUrl {
  readonly href: string;
  readonly where: string;
  /** The same text without any spelling of the password. */
  readonly hide: (text: string) => string;
}

export const parseDatabaseUrl = (text: string): DatabaseUrl | undefined => {
  const url = URL.parse(text.trim());
  if (url === null || (url.protocol !== "postgres:" && url.protocol !== "postgresql:")) return undefined;
  const secrets = [url.password, url.searchParams.get("password") ?? "", url.searchParams.get("sslpassword") ?? ""];
  const spellings = secrets
    .flatMap((secret) => [secret, decoded(secret), encodeURIComponent(decoded(secret)), ...encodings(decoded(secret))])
    .filter((spelling) => spelling !== "")
    // The longest first: a short spelling must not break a longer one into pieces that stay.
    .toSorted((a, b) => b.length - a.length);
  return {
    href: url.href,
    where: `database ${url.host}${decoded(url.pathname)}`,
    hide: (said) => spellings.reduce((sofar, spelling) => sofar.replaceAll(spelling, "***"), said),
  };
};
