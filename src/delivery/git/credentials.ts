import { X509Certificate } from "node:crypto";

/** What a Secret says about a repository, checked and in the form Git needs. */
export interface GitCredentials {
  readonly basic?: { readonly username: string; readonly password: string };
  readonly ssh?: { readonly identity: string; readonly knownHosts: string };
  /** Of the REST API, and of https where there is no password. */
  readonly token?: string;
  readonly username?: string;
  /** PEM. */
  readonly ca?: string;
  readonly signingKey?: string;
}

/** Any name goes with a token; GitHub calls it this. */
export const ANYBODY = "x-access-token";

export type ParsedCredentials =
  | { readonly ok: true; readonly credentials: GitCredentials }
  | { readonly ok: false; readonly problems: readonly string[] };

const KNOWN = ["username", "password", "token", "identity", "known_hosts", "ca.crt", "signing-key"] as const;

const PRIVATE_KEY =
  /^-----BEGIN ([A-Z]+ )*PRIVATE KEY-----\n[A-Za-z0-9+/=\s:,-]+-----END ([A-Z]+ )*PRIVATE KEY-----\n$/;

/** Windows' ends of lines and a missing last one are the usual reasons why ssh takes no key. */
const lines = (text: string): string => `${text.replaceAll("\r\n", "\n").trim()}\n`;

const isEncrypted = (key: string): boolean => {
  if (/ENCRYPTED/.test(key)) return true;
  if (!key.startsWith("-----BEGIN OPENSSH")) return false;
  const body = Buffer.from(key.replace(/-----[^-]+-----/g, ""), "base64");
  // After "openssh-key-v1\0" stands the name of the cipher, with its length before it.
  return body.subarray(0, 14).toString() !== "openssh-key-v1" || body.subarray(19, 23).toString() !== "none";
};

const privateKey = (name: string, text: string): string | undefined => {
  if (!PRIVATE_KEY.test(text))
    return `The key ${name} is no private SSH key; put the file that ssh-keygen wrote (without .pub) there.`;
  return isEncrypted(text)
    ? `The key ${name} is locked by a passphrase that nobody could type; make one without: ssh-keygen -t ed25519 -N ''.`
    : undefined;
};

const isCa = (text: string): boolean => {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
};

/**
 * Reads `data` of a Secret (base64, as Kubernetes stores it). Every problem is a sentence about one key; values are never shown.
 */
export function parseGitCredentials(data: Readonly<Record<string, string>>): ParsedCredentials {
  const problems: string[] = [];
  const value = (name: (typeof KNOWN)[number]): string | undefined => {
    const text = Object.hasOwn(data, name) ? Buffer.from(data[name] ?? "", "base64").toString("utf8") : undefined;
    if (text !== undefined && text.trim() === "") problems.push(`The key ${name} is empty.`);
    return text;
  };
  /** What goes into a header: the line break that `echo` leaves behind is not part of it. */
  const word = (name: (typeof KNOWN)[number]): string | undefined => {
    const text = value(name)?.replace(/\r?\n$/, "");
    if (text !== undefined && /\p{Cc}/u.test(text))
      problems.push(`The key ${name} has a line break or another control character in it.`);
    return text;
  };
  const [username, password, token] = [word("username"), word("password"), word("token")];
  const identity = value("identity");
  const knownHosts = value("known_hosts");
  const ca = value("ca.crt");
  const signingKey = value("signing-key");

  for (const name of Object.keys(data))
    if (
      !(KNOWN as readonly string[]).includes(name) &&
      /^(ssh-private|identity\.|bearer|pass|user|known|ca\.)/i.test(name)
    )
      problems.push(`The key ${name} is not read; the keys are ${KNOWN.join(", ")}.`);
  if (username?.includes(":")) problems.push("The key username has a colon, which no username of HTTP can have.");
  if (password !== undefined && token !== undefined && identity === undefined)
    problems.push("There is a password and a token; leave the one that counts.");
  if (password !== undefined && username === undefined)
    problems.push("There is a password and no username; add it, or call the password token.");
  if (username !== undefined && password === undefined && token === undefined)
    problems.push("There is a username and neither password nor token.");
  if (identity !== undefined && password !== undefined)
    problems.push("There is an identity for ssh and a password for https; leave the one that counts.");
  if (identity !== undefined && knownHosts === undefined)
    problems.push(
      "There is an identity and no known_hosts; compare the server's key with its owner, then add the line of ssh-keyscan.",
    );
  if (knownHosts !== undefined && identity === undefined) problems.push("There are known_hosts and no identity.");
  if (knownHosts !== undefined && !/^[^#\s]\S*\s+\S+/m.test(knownHosts))
    problems.push("The key known_hosts has no line with a host and its key.");
  for (const [name, key] of [
    ["identity", identity],
    ["signing-key", signingKey],
  ] as const) {
    const problem = key === undefined ? undefined : privateKey(name, lines(key));
    if (problem !== undefined) problems.push(problem);
  }
  if (ca !== undefined && !isCa(ca)) problems.push("The key ca.crt holds no certificate in PEM.");
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    credentials: {
      ...(username !== undefined && password !== undefined && { basic: { username, password } }),
      ...(username !== undefined && password === undefined && { username }),
      ...(identity !== undefined &&
        knownHosts !== undefined && { ssh: { identity: lines(identity), knownHosts: lines(knownHosts) } }),
      ...(token !== undefined && { token }),
      ...(ca !== undefined && { ca: lines(ca) }),
      ...(signingKey !== undefined && { signingKey: lines(signingKey) }),
    },
  };
}

/** As whoever was told a secret may spell it when he says it again. */
const spellingsOf = (secret: string): readonly string[] => {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const base64 = bytes.toString("base64").replace(/=+$/, "");
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, json, encodeURIComponent(secret), base64, bytes.toString("base64url"), hex, hex.toUpperCase()];
};

/** Texts that must never be seen, whoever says them; the longest first, so that a short one breaks no longer one into pieces that stay. */
export const secretsIn = ({ basic, ssh, token, username, signingKey }: GitCredentials): readonly string[] => {
  const words = [basic?.password, token, ssh?.identity, signingKey].filter((text) => text !== undefined);
  const together =
    basic === undefined
      ? token === undefined
        ? []
        : [`${username ?? ANYBODY}:${token}`]
      : [`${basic.username}:${basic.password}`];
  return [...new Set([...words, ...together].flatMap(spellingsOf))]
    .filter((text) => text !== "")
    .toSorted((a, b) => b.length - a.length);
};
