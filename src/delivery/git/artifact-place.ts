import { accessAt, type ArtifactAccess, type ArtifactSource } from "../kubernetes/artifact-access.ts";
import {
  certificateSentence,
  forbiddenSentence,
  hostKeySentence,
  missingSentence,
  redirectSentence,
  unauthorizedSentence,
} from "../kubernetes/artifact-sentences.ts";
import { GitRefusal } from "./refusal.ts";
import { hasCredentials, partsOf } from "./remote.ts";
import type { GitPlace } from "./target.ts";
import { GitTrouble } from "./trouble.ts";

/** The host as it is written, letter by letter: two programs must not read two hosts out of one URL. */
const WRITTEN =
  /^(?:https?:\/\/|ssh:\/\/(?:[a-z0-9_][a-z0-9_-]*@)?|[a-z0-9_][a-z0-9_-]*@)(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9.-]*)(?::\d{1,5}\/|\/|:[^\s-])\S*$/i;

const refuse = (reason: string, message: string): GitRefusal => new GitRefusal(reason, message);

/** The repository of an artifact. Its URL is of whoever wrote the update, so it is looked at more closely than that of a Server. */
export function artifactPlace(
  url: string,
  access: ArtifactAccess | undefined,
): { readonly place: GitPlace; readonly source: ArtifactSource } {
  if (hasCredentials(url))
    throw refuse(
      "UrlRefused",
      "The URL of the git artifact has credentials in it, which everybody reads who sees the update: withdraw them, put new ones into the Secret of spec.kubernetes.artifactSecretRef of the server, and make a new update without.",
    );
  const [, written] = WRITTEN.exec(url) ?? [];
  const parts = partsOf(url);
  if (parts === undefined || written?.replace(/^\[(.*)\]$/, "$1").toLowerCase() !== parts.host.toLowerCase())
    throw refuse(
      "UrlRefused",
      "The URL of the git artifact is no https:// or ssh:// URL of a repository; the author of the update makes a new one with such a URL.",
    );
  const { credentials, source } = accessAt(access, parts);
  const { basic, token, ssh } = credentials;
  if (parts.protocol === "http" && (basic !== undefined || token !== undefined))
    throw refuse(
      "UrlRefused",
      `${url} is plain http, over which no credentials are sent; the author of the update makes a new one with https.`,
    );
  if (parts.protocol === "ssh" && ssh === undefined)
    throw refuse(
      "CredentialsMissing",
      `${url} is reached by ssh: the server needs a Secret with the keys identity and known_hosts in spec.kubernetes.artifactSecretRef, and ${source.host} among its hosts where it names any. Whoever administers the namespace adds that.`,
    );
  return { place: { name: "", uid: "", url, branch: "main", path: ".", credentials }, source };
}

/** What git said of the repository of a Server, in the words of a repository that an update names and that is only read. */
export function ofArtifact(error: unknown, { url }: GitPlace, source: ArtifactSource): unknown {
  if (error instanceof GitTrouble && error.state === "WrongCertificate")
    return partsOf(url)?.protocol === "ssh"
      ? new GitTrouble("WrongCertificate", hostKeySentence(url, source))
      : new GitTrouble("WrongCertificate", certificateSentence(url, source));
  if (!(error instanceof GitRefusal)) return error;
  switch (error.reason) {
    case "Unauthorized":
      return new GitRefusal("Unauthorized", unauthorizedSentence(url, source), 401);
    case "Forbidden":
      return new GitRefusal("Forbidden", forbiddenSentence(url, source), 403);
    case "RepositoryMissing":
      return new GitRefusal("RepositoryMissing", missingSentence(url, source));
    case "UrlRefused":
      return new GitRefusal("UrlRefused", redirectSentence(url));
    default:
      return error;
  }
}
