import type { GitTarget } from "../api/git-target.ts";
import type { KubernetesTarget } from "../api/kubernetes-target.ts";
import type { Server } from "../api/server.ts";
import { parseGitCredentials } from "../delivery/git/credentials.ts";
import type { GitPlace } from "../delivery/git/target.ts";
import { type ArtifactAccess, parseArtifactAccess } from "../delivery/kubernetes/artifact-access.ts";
import type { ClusterSecret } from "../delivery/kubernetes/clusters.ts";
import type { KubernetesPlace } from "../delivery/kubernetes/session.ts";
import { notFound } from "../kube/errors.ts";
import type { Context } from "./context.ts";
import { SECRETS } from "./kinds.ts";
import { TrustMissing } from "./trust.ts";

/** The places that drivers deliver to, with the Secrets that a Server names read at that moment. */

export async function gitPlaceOf(
  context: Context,
  server: Server,
  git: GitTarget,
  signal: AbortSignal,
): Promise<GitPlace> {
  const { namespace, name, uid } = server.metadata;
  const { url, branch, path, change, pullRequest, secretRef } = git;
  const secret =
    secretRef && (await secretOf(context, server, secretRef.name, "the credentials of its repository", signal));
  const parsed = parseGitCredentials(secret?.data ?? {});
  if (!parsed.ok)
    throw new TrustMissing(
      `Secret ${namespace}/${secretRef?.name ?? ""}, which holds the credentials of the repository of server ${name}, cannot be used: ${parsed.problems.join(" ")}`,
    );
  return {
    name: `${namespace}/${name}`,
    uid,
    url,
    branch,
    path,
    ...(change && { change }),
    ...(pullRequest && { pullRequest }),
    credentials: parsed.credentials,
  };
}

export async function kubernetesPlaceOf(
  context: Context,
  server: Server,
  spec: KubernetesTarget,
  signal: AbortSignal,
): Promise<KubernetesPlace> {
  const { namespace, name, uid } = server.metadata;
  const secret =
    spec.secretRef && (await secretOf(context, server, spec.secretRef.name, "the way to its cluster", signal));
  return { target: { namespace, name, uid }, spec, ...(secret && { secret }) };
}

/** With what the artifacts for a cluster are fetched, read at that moment. */
export async function artifactAccessOf(
  context: Context,
  server: Server,
  { artifactSecretRef }: KubernetesTarget,
  signal: AbortSignal,
): Promise<ArtifactAccess | undefined> {
  if (artifactSecretRef === undefined) return undefined;
  const { name, hosts } = artifactSecretRef;
  const secret = await secretOf(context, server, name, "the credentials of artifacts", signal);
  const id = `${server.metadata.namespace}/${name}`;
  const parsed = parseArtifactAccess(id, secret.data ?? {}, hosts);
  if (!parsed.ok)
    throw new TrustMissing(
      `Secret ${id}, which holds the credentials of artifacts for server ${server.metadata.name}, cannot be used: ${parsed.problems.join(" ")}`,
    );
  return parsed.access;
}

export async function secretOf(
  { client }: Context,
  { metadata }: Server,
  name: string,
  what: string,
  signal: AbortSignal,
): Promise<ClusterSecret> {
  const { namespace } = metadata;
  try {
    return await client.get(SECRETS, { namespace, name }, { signal });
  } catch (error) {
    if (!notFound(error)) throw error;
    throw new TrustMissing(
      `Secret ${namespace}/${name}, which holds ${what} for server ${metadata.name}, does not exist: who administers the namespace creates it`,
    );
  }
}
