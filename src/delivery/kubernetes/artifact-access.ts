import { type GitCredentials, parseGitCredentials } from "../git/credentials.ts";
import { PORTS, type Remote } from "../git/remote.ts";

/** With what artifacts are fetched, and from where: authors of updates write their URLs, and must not choose who gets a password. */
export interface ArtifactAccess {
  /** `<namespace>/<name>` of the Secret. */
  readonly secret: string;
  readonly credentials: GitCredentials;
  /** Absent where nothing in the Secret could be given away: a key for ssh is told to nobody, and goes where known_hosts says. */
  readonly hosts?: readonly string[];
}

/** Where one artifact is fetched from, as messages name it. */
export interface ArtifactSource {
  /** As `hosts` has it. */
  readonly host: string;
  /** `<namespace>/<name>` of the Secret that counts there; absent where none does. */
  readonly secret?: string;
  /** Whether it has credentials for that protocol, and not only a CA. */
  readonly isKnown: boolean;
}

export type ParsedAccess =
  { readonly ok: true; readonly access: ArtifactAccess } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads `data` of the Secret as that of a repository is read. Every problem is a sentence; values are never shown. */
export function parseArtifactAccess(
  secret: string,
  data: Readonly<Record<string, string>>,
  hosts: readonly string[] | undefined,
): ParsedAccess {
  const parsed = parseGitCredentials(data);
  if (!parsed.ok) return parsed;
  const { basic, token, ssh, ca } = parsed.credentials;
  const problems: string[] = [];
  const isSecret = basic !== undefined || token !== undefined;
  if (!isSecret && ssh === undefined && ca === undefined)
    problems.push(
      "It has none of the keys that are read: username and password, or token, for https; identity and known_hosts for ssh; ca.crt.",
    );
  if (isSecret && hosts === undefined)
    problems.push(
      "It has a password or token, and authors of updates could have that sent anywhere: name the hosts it is for in spec.kubernetes.artifactSecretRef.hosts of the server.",
    );
  if (problems.length > 0) return { ok: false, problems };
  const { credentials } = parsed;
  return { ok: true, access: { secret, credentials, ...(hosts !== undefined && { hosts }) } };
}

type At = Pick<Remote, "protocol" | "host" | "port">;

/** A host as `hosts` has it. */
export const nameOf = ({ protocol, host, port }: At): string => {
  const name = (host.includes(":") ? `[${host}]` : host).toLowerCase();
  return port === PORTS[protocol] ? name : `${name}:${port}`;
};

const isNamed = (hosts: readonly string[], at: At): boolean =>
  hosts.some((one) => one === nameOf(at) || one === `${nameOf({ ...at, port: PORTS[at.protocol] })}:${at.port}`);

/** The part of a Secret that may be used there. */
export function accessAt(
  access: ArtifactAccess | undefined,
  at: At,
): { readonly credentials: GitCredentials; readonly source: ArtifactSource } {
  const host = nameOf(at);
  if (access === undefined || (access.hosts !== undefined && !isNamed(access.hosts, at)))
    return { credentials: {}, source: { host, isKnown: false } };
  const { basic, token, username, ssh, ca } = access.credentials;
  const { secret } = access;
  if (at.protocol === "ssh")
    return { credentials: ssh === undefined ? {} : { ssh }, source: { host, secret, isKnown: ssh !== undefined } };
  return {
    credentials: {
      ...(basic !== undefined && { basic }),
      ...(token !== undefined && { token }),
      ...(username !== undefined && { username }),
      ...(ca !== undefined && { ca }),
    },
    source: { host, secret, isKnown: basic !== undefined || token !== undefined },
  };
}
