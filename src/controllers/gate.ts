import { randomUUID } from "node:crypto";
import { forgedUpdate, unproven } from "../api/forgery.ts";
import { GROUP, OPERATOR_ACCOUNT } from "../api/group.ts";
import { judgePolicies, type LivePolicy, type Stamps } from "../api/policies-live.ts";
import { ADMISSION_VERSION, POLICY_KINDS, POLICY_LABELS, type PolicyKind } from "../api/policy.ts";
import type { SeenPolicies } from "../core/observed.ts";
import type { Client } from "../kube/client.ts";
import { ApiError, notFound } from "../kube/errors.ts";
import type { KubeObject, Resource } from "../kube/types.ts";
import { DEPLOYMENTS } from "./kinds.ts";

/** Whether the admission policies are in force: they are as we wrote them, and a forged approval is refused by them. */

const [ADMISSION_GROUP = "", ADMISSION_V = ""] = ADMISSION_VERSION.split("/");
const SELECTOR = Object.entries(POLICY_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(",");

const policyResource = (kind: PolicyKind): Resource<LivePolicy & KubeObject> => ({
  group: ADMISSION_GROUP,
  version: ADMISSION_V,
  plural: kind.endsWith("y") ? `${kind.slice(0, -1)}ies`.toLowerCase() : `${kind}s`.toLowerCase(),
  kind,
  namespaced: false,
});

type NotInForce = Extract<SeenPolicies, { state: "NotInForce" }>;
const notInForce = (reason: "Missing" | "Changed" | "NotEnforced" | "Unknown", message: string): NotInForce => ({
  state: "NotInForce",
  reason,
  message,
});
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function listPolicies(
  client: Client,
  kind: PolicyKind,
  signal: AbortSignal | undefined,
): Promise<readonly (LivePolicy & KubeObject)[] | undefined> {
  try {
    return (await client.list(policyResource(kind), { labelSelector: SELECTOR }, { signal })).items;
  } catch (error) {
    // Before 1.36 the API server does not know the kinds that stamp.
    if (notFound(error)) return undefined;
    throw error;
  }
}

/** What the policies say: the same for the whole cluster. */
export type Texts = NotInForce | { readonly state: "AsWritten"; readonly identity: unknown; readonly stamps: Stamps };

/** Four lists; what cannot be read is thrown. */
export async function readTexts(client: Client, signal?: AbortSignal): Promise<Texts> {
  const [mutating, mutatingBindings, validating, validatingBindings] = await Promise.all(
    POLICY_KINDS.map((kind) => listPolicies(client, kind, signal)),
  );
  if ((mutating === undefined) !== (mutatingBindings === undefined))
    throw new Error("the API server serves policies that stamp and not their bindings, or the other way round");
  const stamps: Stamps = mutating === undefined ? "Client" : "ApiServer";
  const live = [mutating, mutatingBindings, validating, validatingBindings].flatMap((items) => items ?? []);
  const judged = judgePolicies(live, stamps);
  return judged.state === "AsWritten"
    ? { state: "AsWritten", identity: judged.identity, stamps }
    : notInForce(judged.state, judged.message);
}

/** Tries to get past the policies in `namespace`, as a dry run: who may do what differs from one to the next. */
export async function provePolicies(
  client: Client,
  namespace: string,
  texts: Extract<Texts, { state: "AsWritten" }>,
  signal?: AbortSignal,
): Promise<SeenPolicies> {
  const { identity, stamps } = texts;
  return (await forge(client, namespace, stamps, signal)) ?? { state: "InForce", identity, stamps };
}

export const unreadable = (error: unknown): NotInForce =>
  notInForce("Unknown", `whether the admission policies are in force could not be read: ${reasonOf(error)}`);

/** Both: five requests, and nothing is stored. */
export async function readPolicies(client: Client, namespace: string, signal?: AbortSignal): Promise<SeenPolicies> {
  try {
    const texts = await readTexts(client, signal);
    return texts.state === "AsWritten" ? await provePolicies(client, namespace, texts, signal) : texts;
  } catch (error) {
    return unreadable(error);
  }
}

/** Sends the forgery as a dry run and says what its answer leaves unproven. */
async function forge(
  client: Client,
  namespace: string,
  stamps: Stamps,
  signal: AbortSignal | undefined,
): Promise<NotInForce | undefined> {
  const { annotations, spec } = forgedUpdate(stamps);
  // A name that nobody can have taken: "already exists" would say nothing about the policies.
  const metadata = { name: `ashat-forgery-${randomUUID().slice(0, 8)}`, namespace, annotations };
  try {
    await client.create(DEPLOYMENTS, { metadata, spec }, { dryRun: true, signal });
  } catch (error) {
    // One that gives no reason was not written by an API server, or did not come through whole: it proves nothing either way.
    const isRefusal = error instanceof ApiError && (error.status === 403 || error.status === 422);
    if (!isRefusal || error.reason === "Unknown") throw error;
    const gap = unproven(error.message, stamps);
    return gap === undefined ? undefined : notInForce("NotEnforced", gap);
  }
  return notInForce("NotEnforced", await accepted(client, namespace, signal));
}

/** Accepted for one of two reasons, which different people can mend. */
async function accepted(client: Client, namespace: string, signal: AbortSignal | undefined): Promise<string> {
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { namespace, verb: "approve", group: GROUP, resource: "tiers", name: "omega" } },
  };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const answer = JSON.parse(await client.raw(path, { method: "POST", body: review, signal })) as {
    readonly status?: { readonly allowed?: boolean };
  };
  return answer.status?.allowed === true
    ? `the operator itself may approve, so a forged approval cannot be told from a real one: take every role but ashat-operator from ${OPERATOR_ACCOUNT}`
    : "a forged approval was not refused: the API server does not enforce ValidatingAdmissionPolicy/ashat-actions; after a few seconds this clears " +
        "by itself, otherwise a cluster administrator looks at --disable-admission-plugins of the API server";
}
