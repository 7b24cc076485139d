import { GitRefusal } from "./refusal.ts";
import type { GitPlace } from "./target.ts";

/** A repository's URL in parts. */
export interface Remote {
  readonly url: string;
  readonly protocol: "https" | "http" | "ssh";
  readonly host: string;
  readonly port: number;
}

const SCP = /^([a-z0-9_][a-z0-9_-]*)@([^\s/:@-][^\s/:@]*):([^\s-]\S*)$/;
export const PORTS = { https: 443, http: 80, ssh: 22 } as const;

const refuse = (reason: string, message: string): GitRefusal => new GitRefusal(reason, message);

/** Undefined where it is no URL of a repository that one may connect to. */
export function partsOf(url: string): Remote | undefined {
  const [, , scpHost] = SCP.exec(url) ?? [];
  const parsed = scpHost === undefined ? URL.parse(url) : undefined;
  const protocol = scpHost === undefined ? parsed?.protocol.replace(":", "") : "ssh";
  const host = scpHost ?? parsed?.hostname.replace(/^\[(.*)\]$/, "$1") ?? "";
  if ((protocol !== "https" && protocol !== "http" && protocol !== "ssh") || host === "" || host.startsWith("-"))
    return undefined;
  return { url, protocol, host, port: parsed?.port ? Number(parsed.port) : PORTS[protocol] };
}

/** A password, or over HTTP a name: what anybody can read who sees the URL. */
export function hasCredentials(url: string): boolean {
  const parsed = SCP.test(url) ? null : URL.parse(url);
  return parsed !== null && (parsed.password !== "" || (parsed.protocol !== "ssh:" && parsed.username !== ""));
}

/** What is reached by which protocol; no URL has credentials, and none that are there leave over plain http. */
export function remoteOf({
  url,
  credentials,
  pullRequest,
}: Pick<GitPlace, "url" | "credentials" | "pullRequest">): Remote {
  const parts = partsOf(url);
  if (parts === undefined)
    throw refuse("UrlRefused", "git.url of the Server is no https:// or ssh:// URL of a repository.");
  if (hasCredentials(url))
    throw refuse(
      "UrlRefused",
      "git.url of the Server has credentials in it; put them into the Secret of git.secretRef.",
    );
  const { protocol } = parts;
  const { basic, token, ssh } = credentials;
  const has = basic !== undefined || token !== undefined || ssh !== undefined;
  if (protocol === "http" && has)
    throw refuse("UrlRefused", `${url} is plain http, over which no credentials are sent; use https.`);
  if (protocol === "ssh" && ssh === undefined)
    throw refuse("CredentialsMissing", `${url} is reached by ssh: the Secret needs the keys identity and known_hosts.`);
  if (protocol === "https" && ssh !== undefined)
    throw refuse(
      "CredentialsMissing",
      `${url} is reached by https, and the Secret has an identity for ssh; it needs username and password, or token.`,
    );
  if (pullRequest !== undefined && token === undefined)
    throw refuse("CredentialsMissing", `Pull requests of ${pullRequest.repository} need the key token in the Secret.`);
  return parts;
}
