import type { KubernetesTarget } from "../../api/kubernetes-target.ts";
import { refusalIn } from "../../dial/address-rules.ts";
import { isWrongCertificate } from "../../dial/trust.ts";
import { ApiError, forbidden, unauthorized } from "../../kube/errors.ts";
import type { Refused, Trouble } from "../driver.ts";
import { GitRefusal } from "../git/refusal.ts";
import { asAnswer, GitTrouble } from "../git/trouble.ts";
import { NotFetched } from "./archive.ts";
import type { ArtifactAccess } from "./artifact-access.ts";
import { ClusterRefused } from "./cluster-refused.ts";
import type { Clusters, ClusterSecret } from "./clusters.ts";
import { createKinds, type KindsOf } from "./kinds.ts";
import type { Shelf } from "./ledger.ts";
import type { LedgerProof } from "./ledger-proof.ts";
import { Refusal } from "./refusal.ts";

/** A Server that is a cluster. */
export interface KubernetesPlace {
  readonly target: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly spec: KubernetesTarget;
  /** The Secret that `spec.secretRef` names, as it was read; the cluster of the operator without it. */
  readonly secret?: ClusterSecret;
  /** With what artifacts are fetched; only what everybody may read without it. */
  readonly access?: ArtifactAccess;
}

/** Everything that is done in that cluster is done by this account. */
export interface Session extends Shelf {
  readonly place: KubernetesPlace;
  readonly account: string;
  readonly kindsOf: KindsOf;
}

export const openSession = (
  { clusters, proof }: { readonly clusters: Clusters; readonly proof: LedgerProof },
  place: KubernetesPlace,
): Session => {
  const { target, spec, secret } = place;
  const namespace = spec.namespace ?? target.namespace;
  const cluster = clusters.of(secret);
  const name = spec.serviceAccountName;
  // The API server adds the groups of a service account by itself, so that no right to impersonate groups is needed.
  const user = `system:serviceaccount:${secret === undefined ? target.namespace : namespace}:${name}`;
  const client = name === undefined ? cluster : cluster.as(user);
  return {
    place,
    client,
    account: name === undefined ? "the account of the token" : user,
    namespace,
    kindsOf: createKinds(client),
    owner: `${target.namespace}/${target.name}`,
    proof,
  };
};

const impersonationSentence = ({ target, spec, secret }: KubernetesPlace, error: ApiError): string => {
  const namespace = secret === undefined ? target.namespace : (spec.namespace ?? target.namespace);
  const name = spec.serviceAccountName ?? "";
  const role = `ashat-as-${name}`;
  return (
    `The operator may not act as service account ${namespace}/${name}: ${error.message}. Whoever administers that namespace allows it: ` +
    `kubectl create role ${role} -n ${namespace} --verb=impersonate --resource=serviceaccounts --resource-name=${name} && ` +
    `kubectl create rolebinding ${role} -n ${namespace} --role=${role} --serviceaccount=ashat-system:ashat`
  );
};

const trouble = (state: Trouble["state"], message: string): Trouble => ({ state, message });

/** What was thrown, as an answer; what is nobody's trouble but ours is thrown on. */
export const answerTo = (error: unknown, place: KubernetesPlace, signal: AbortSignal): Trouble | Refused => {
  signal.throwIfAborted();
  if (error instanceof Refusal) return error.answer;
  if (error instanceof GitTrouble || error instanceof GitRefusal) return asAnswer(error);
  const address = refusalIn(error);
  if (address !== undefined) return trouble("AddressRefused", address.message);
  if (error instanceof NotFetched) return { state: error.state, message: error.message };
  if (error instanceof ClusterRefused) return trouble("Unreachable", error.message);
  if (!(error instanceof ApiError)) throw error;
  if (isWrongCertificate(error.cause))
    return trouble("WrongCertificate", `The API server is not the one whose CA the Secret names: ${error.message}`);
  if (unauthorized(error))
    return trouble(
      "Unreachable",
      `That cluster does not know who the operator is: ${error.message}. Put a token into the Secret that counts there.`,
    );
  if (forbidden(error) && error.message.includes("cannot impersonate"))
    return trouble("Unreachable", impersonationSentence(place, error));
  if (forbidden(error))
    return trouble(
      "Unreachable",
      `${error.message}. Deliveries are written down in Secrets of namespace ${place.spec.namespace ?? place.target.namespace}; whoever administers that cluster grants the account get, list, create and update on secrets there.`,
    );
  return trouble("Unreachable", error.message);
};
