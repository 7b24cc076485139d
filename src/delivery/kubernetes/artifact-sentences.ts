import type { ArtifactSource } from "./artifact-access.ts";

/** What is said where an artifact is kept from the operator: who wrote its URL is not who names the Secret. */

const named = ({ secret = "" }: ArtifactSource): string => `Secret ${secret}`;

export const unauthorizedSentence = (url: string, source: ArtifactSource): string =>
  !source.isKnown
    ? `${url} wants credentials, and none are sent there. Whoever administers the namespace names a Secret that has them in spec.kubernetes.artifactSecretRef of the server, with ${source.host} among its hosts.`
    : `${url} does not accept the credentials. Whoever administers the namespace renews them in ${named(source)}, with the right to read.`;

export const forbiddenSentence = (url: string, source: ArtifactSource): string =>
  !source.isKnown
    ? `${url} lets nobody without credentials read this. Whoever administers the namespace names a Secret that has them in spec.kubernetes.artifactSecretRef of the server, with ${source.host} among its hosts.`
    : `${url} knows the credentials and does not allow this. Give the account of ${named(source)} the right to read.`;

export const missingSentence = (url: string, source: ArtifactSource): string =>
  !source.isKnown
    ? `There is no repository at ${url}, or one has to log in to see it. The author of the update corrects the URL in a new one, or whoever administers the namespace names a Secret in spec.kubernetes.artifactSecretRef of the server, with ${source.host} among its hosts.`
    : `There is no repository at ${url}, or the credentials may not see it. The author of the update corrects the URL in a new one, or whoever administers the namespace the credentials in ${named(source)}.`;

export const certificateSentence = (url: string, source: ArtifactSource): string =>
  source.secret === undefined
    ? `The certificate of ${url} is not from a trusted authority or not for this name. Whoever administers the namespace puts a CA of your own under ca.crt into a Secret, and names that in spec.kubernetes.artifactSecretRef of the server, with ${source.host} among its hosts.`
    : `The certificate of ${url} is not from a trusted authority or not for this name. A CA of your own stands under ca.crt in ${named(source)}.`;

export const hostKeySentence = (url: string, source: ArtifactSource): string =>
  `The SSH host key of ${url} is not in known_hosts of ${named(source)}. Whoever administers the namespace compares the key of the server with its owner, and writes the line of ssh-keyscan there.`;

export const redirectSentence = (url: string): string =>
  `${url} leads somewhere else, and nothing is sent there. The author of the update makes a new one with the address it leads to.`;
