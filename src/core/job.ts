import type { Category } from "../api/categories.ts";
import { CHECK_ENV, type CheckInput } from "../api/check-run.ts";
import { configuredCategories } from "../api/checks.ts";
import type { Deployment } from "../api/deployment.ts";
import { API_VERSION, EVIDENCE_FINALIZER, LABEL } from "../api/group.ts";
import { hashOf } from "../api/hash.ts";
import { digestOfUpdate } from "../api/layer.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";

/** The verification Job as data. */
export interface JobDraft {
  readonly image: string;
  readonly caPem?: string;
  readonly modules?: readonly string[];
  readonly moduleVersions?: CheckInput["moduleVersions"];
  readonly addresses: CheckInput["addresses"];
}

const DEADLINE_SECONDS = 300;
const NOBODY = 65532;

/** Same update, target, artifact and attempt: same Job. "Already exists" therefore means "already started". */
export const jobName = (deployment: Deployment, target: Server | Mainframe, attempt: number): string =>
  `ashat-${hashOf({
    deployment: deployment.metadata.uid,
    target: target.metadata.uid,
    artifacts: [digestOfUpdate(deployment.spec)],
    attempt,
  }).slice(0, 20)}`;

/** The checks that run as pods; the position of a category is its index in the Job. A target without a URL has none. */
export const jobCategories = (target: Server | Mainframe): readonly Category[] =>
  target.spec.url === undefined ? [] : configuredCategories(target.spec.checks);

export function verificationJob(
  deployment: Deployment,
  target: Server | Mainframe,
  attempt: number,
  draft: JobDraft,
): object {
  const { metadata, spec } = deployment;
  const categories = jobCategories(target);
  const labels = {
    [LABEL.managedBy]: "ashat",
    [LABEL.deployment]: metadata.name,
    [LABEL.deploymentUid]: metadata.uid,
    [LABEL.target]: target.metadata.uid,
    [LABEL.attempt]: String(attempt),
  };
  const baseline = target.status.apps?.find((app) => app.app === spec.app)?.baseline;
  const input: CheckInput = {
    target: { namespace: target.metadata.namespace, name: target.metadata.name },
    url: target.spec.url ?? "",
    addresses: draft.addresses,
    app: spec.app,
    version: spec.version,
    digest: digestOfUpdate(spec),
    checks: target.spec.checks,
    categories: [...categories],
    ...tlsOf(target, draft),
    ...(draft.modules && { modules: [...draft.modules] }),
    ...(draft.moduleVersions && { moduleVersions: draft.moduleVersions }),
    ...(baseline && { baseline }),
  };
  const secret = target.spec.checks.database?.secretRef;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(deployment, target, attempt),
      namespace: metadata.namespace,
      labels,
      finalizers: [EVIDENCE_FINALIZER],
      ownerReferences: [
        { apiVersion: API_VERSION, kind: "Deployment", name: metadata.name, uid: metadata.uid, controller: true },
      ],
    },
    spec: {
      completionMode: "Indexed",
      completions: categories.length,
      parallelism: categories.length,
      backoffLimitPerIndex: 0,
      maxFailedIndexes: categories.length,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      // An evicted or preempted pod proves nothing about the target: the Job controller starts another one.
      podFailurePolicy: {
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: NOBODY,
            runAsGroup: NOBODY,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: "check",
              image: draft.image,
              args: ["check"],
              terminationMessagePolicy: "File",
              env: [
                { name: CHECK_ENV.input, value: JSON.stringify(input) },
                ...(secret
                  ? [
                      {
                        name: CHECK_ENV.databaseUrl,
                        valueFrom: { secretKeyRef: { name: secret.name, key: secret.key, optional: true } },
                      },
                    ]
                  : []),
              ],
              resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "1", memory: "256Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    },
  };
}

const tlsOf = (target: Server | Mainframe, { caPem }: JobDraft): Pick<CheckInput, "tls"> => {
  const sha256 = target.spec.tls?.sha256;
  return sha256 === undefined && caPem === undefined
    ? {}
    : { tls: { ...(sha256 && { sha256 }), ...(caPem && { caPem }) } };
};
