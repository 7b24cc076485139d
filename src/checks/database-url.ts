const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
    .flatMap((secret) => [secret, decoded(secret), encodeURIComponent(decoded(secret))])
    .filter((spelling) => spelling !== "")
    // The longest first: a short spelling must not break a longer one into pieces that stay.
    .toSorted((a, b) => b.length - a.length);
  return {
    href: url.href,
    where: `database ${url.host}${decoded(url.pathname)}`,
    hide: (said) => spellings.reduce((sofar, spelling) => sofar.replaceAll(spelling, "***"), said),
  };
};
