import type { WaitFor } from "../../../src/api/wait-for.ts";
import { judgeApplication } from "../../../src/delivery/wait/application.ts";
import type { Awaited } from "../../../src/delivery/wait/awaited.ts";
import { judgeHelmRelease } from "../../../src/delivery/wait/helm-release.ts";
import { judgeKustomization } from "../../../src/delivery/wait/kustomization.ts";
import { endOf, type Heard, lookAt, type Seen } from "../../../src/delivery/wait/look.ts";
import type { Client } from "../../../src/kube/client.ts";
import { no, withAnswers } from "./api-answers.ts";
import type { Told } from "./told.ts";

/** What a delivery by commit waits for, in the words of whoever applies it. */

const OURS = "a".repeat(40);
const OLD = "b".repeat(40);
const START = Date.parse("2030-01-01T00:00:00Z");
const SOON = START + 20_000;
const LATER = START + 60_000;
const OVER = START + 601_000;

const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const awaited: Awaited = { commit: OURS, contains: () => false, deliveredAt: START, healthySeconds: 30 };
const named = { namespace: "shop", name: "web" };
const condition = (type: string, status: string, message = "", more: object = {}) => ({
  type,
  status,
  message,
  reason: "Reason",
  lastTransitionTime: at(10),
  observedGeneration: 2,
  ...more,
});

/** As the operator reports it, at that moment and by the end of its patience. */
const told = (seen: Seen, now: number): readonly Told[] => {
  const { reason, message } = endOf(seen, awaited, { timeoutSeconds: 600 }, now);
  return [{ codes: [reason], text: message }];
};

const ready = [condition("Ready", "True")];
const objectOf = (own: object, status: object, spec: object, metadata: object) => ({
  metadata: { ...named, uid: "uid", generation: 2, ...metadata },
  spec,
  status: { observedGeneration: 2, conditions: ready, ...own, ...status },
});

const kustomization = (status: object = {}, spec: object = { wait: true }, metadata: object = {}) =>
  objectOf({ lastAppliedRevision: OURS, lastAttemptedRevision: OURS }, status, spec, metadata);
const AT_OLD = { lastAppliedRevision: OLD, lastAttemptedRevision: OLD };
const failed = (reason: string, message: string) => ({
  conditions: [condition("Ready", "False", message, { reason })],
});
const FAILED_BEFORE = {
  conditions: [condition("Ready", "Unknown")],
  history: [{ lastReconciledStatus: "HealthCheckFailed", metadata: { revision: OURS } }],
};

const LABELS = { "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" };
const DEPLOYED = { status: "deployed", chartVersion: "6.5.0", configDigest: "sha256:x" };
const release = (status: object = {}, spec: object = {}, metadata: object = { labels: LABELS }) =>
  objectOf(
    {
      lastAttemptedGeneration: 2,
      lastAttemptedRevision: "6.5.0",
      lastAttemptedConfigDigest: "sha256:x",
      history: [DEPLOYED],
    },
    status,
    spec,
    metadata,
  );
const FROM_GIT = { chart: { spec: { sourceRef: { kind: "GitRepository", name: "web" } } } };
const APPLIED = { status: { lastAppliedRevision: OURS, lastAttemptedRevision: OURS } };

const DONE = { phase: "Succeeded", finishedAt: at(10), syncResult: { revision: OURS }, operation: { sync: {} } };
const application = (status: object = {}, spec: object = { syncPolicy: { automated: {} } }, metadata: object = {}) =>
  objectOf(
    {
      sync: { status: "Synced", revision: OURS },
      health: { status: "Healthy", lastTransitionTime: at(12) },
      operationState: DONE,
      reconciledAt: at(11),
    },
    status,
    spec,
    metadata,
  );

const flux = (object: unknown, now = LATER): readonly Told[] =>
  told(judgeKustomization(object, named, awaited, now), now);
const helm = (object: unknown, more: object = { kustomization: APPLIED }): readonly Told[] =>
  told(judgeHelmRelease({ release: object, ...more }, named, awaited, LATER), LATER);
const argo = (object: unknown, now = LATER): readonly Told[] =>
  told(judgeApplication(object, named, awaited, now), now);

const WAITS = {
  flux: { kustomization: named, healthySeconds: 30, timeoutSeconds: 600 },
  argo: { argocd: { application: "web", namespace: "argocd" }, healthySeconds: 30, timeoutSeconds: 600 },
  nothing: { healthySeconds: 30, timeoutSeconds: 600 },
} as const satisfies Readonly<Record<string, WaitFor>>;

const looks = async (client: Client, wait: WaitFor, heard: Heard = new Map()): Promise<readonly Told[]> => {
  const place = { wait, namespace: "shop", app: "shop", layer: "main" };
  const delivered = { commit: OURS, deliveredAt: START, contains: () => Promise.resolve(false) };
  return told(await lookAt(client, place, delivered, heard, LATER, new AbortController().signal), LATER);
};

const sourced = (status: object) =>
  kustomization(status, { sourceRef: { kind: "GitRepository", name: "deploy" } }, { resourceVersion: "1" });
const isPatch = ({ method }: { readonly method: string }): boolean => method === "PATCH";

export const WAITED: Readonly<Record<string, () => readonly Told[] | Promise<readonly Told[]>>> = {
  "what is waited for is not there": () => [...flux(undefined), ...helm(undefined), ...argo(undefined)],
  "what is waited for is being deleted": () => {
    const going = { deletionTimestamp: at(1) };
    return [
      ...flux(kustomization({}, {}, going)),
      ...helm(release({}, {}, going)),
      ...argo(application({}, {}, going)),
    ];
  },
  "a Kustomization at another revision": () => [
    ...flux(kustomization(AT_OLD)),
    ...flux(kustomization({ ...AT_OLD, ...failed("ArtifactFailed", "no artifact") })),
  ],
  "a HelmRelease of another commit": () => [
    ...helm(release(), { kustomization: { status: AT_OLD } }),
    ...helm(release({ helmChart: "shop/web" }, FROM_GIT, {}), {
      chart: { status: { observedSourceArtifactRevision: OLD, artifact: { revision: "6.5.0" } } },
    }),
  ],
  "an Application that has seen another commit": () => [
    ...argo(application({ sync: { status: "Synced", revision: OLD } })),
    ...argo(
      application({
        sync: { status: "Unknown" },
        conditions: [{ type: "ComparisonError", message: "repository not accessible" }],
      }),
    ),
  ],
  "a HelmRelease that nobody ties to a commit": () => helm(release({}, {}, {})),
  "what is waited for is suspended": () => [
    ...flux(kustomization(AT_OLD, { suspend: true })),
    ...flux(kustomization({}, { suspend: true })),
    ...helm(release({}, { suspend: true })),
    ...helm(release({}, { suspend: true }), { kustomization: { status: AT_OLD } }),
  ],
  "an Application that nobody syncs": () =>
    argo(
      application(
        {
          sync: { status: "OutOfSync", revision: OURS },
          operationState: { ...DONE, syncResult: { revision: OLD } },
        },
        {},
      ),
    ),
  "an Application that is about to sync": () => {
    const sync = { status: "OutOfSync", revision: OURS };
    const part = { sync: { resources: [{ kind: "Service", name: "web" }] } };
    return [
      ...argo(application({ sync, operationState: { ...DONE, syncResult: { revision: OLD } } })),
      ...argo(application({ sync, operationState: { ...DONE, operation: part } })),
      ...argo(application({ operationState: { phase: "Running", message: "waiting for apps/Deployment/web" } })),
    ];
  },
  "an Application whose health is from before": () => argo(application({ reconciledAt: at(9) })),
  "what is waited for is at work": () => [
    ...flux(kustomization({ observedGeneration: 1 })),
    ...flux(kustomization({ conditions: [condition("Reconciling", "True", "Running health checks")] })),
    ...flux(kustomization(failed("DependencyNotReady", "dependency not ready"))),
    ...helm(release({ lastAttemptedGeneration: 1, conditions: [] })),
    ...helm(release({ conditions: [condition("Ready", "Unknown", "Running upgrade")] })),
    ...helm(release({ history: [{ ...DEPLOYED, configDigest: "sha256:y" }] })),
    ...helm(release(), { kustomization: { status: { lastAppliedRevision: OLD, lastAttemptedRevision: OURS } } }),
    ...argo(application({ health: { status: "Progressing" } })),
  ],
  "a HelmRelease with values from elsewhere": () =>
    helm(release({}, { valuesFrom: [{ kind: "ConfigMap", name: "values" }] })),
  "what is waited for is unhealthy": () => [
    ...flux(kustomization(failed("HealthCheckFailed", "timeout waiting for Deployment/shop/web"))),
    ...flux(kustomization({ conditions: [condition("Stalled", "True", "invalid")] })),
    ...helm(release({ conditions: [condition("Stalled", "True", "Failed to upgrade after 3 attempts")] })),
    ...helm(release({ conditions: [condition("Remediated", "True", "Helm rollback succeeded")] })),
    ...helm(release({ conditions: [condition("Released", "False", "Helm upgrade failed")] })),
    ...argo(
      application({
        health: { status: "Degraded" },
        resources: [{ kind: "Deployment", name: "web", health: { status: "Degraded", message: "no image" } }],
      }),
    ),
    ...argo(application({ operationState: { ...DONE, phase: "Failed", message: "one object failed to apply" } })),
  ],
  "a Kustomization that is stalled before ours": () =>
    flux(kustomization({ ...AT_OLD, conditions: [condition("Stalled", "True", "path not found")] })),
  "a Kustomization that tries again": async () => {
    const heard: Heard = new Map();
    const answers = [
      FAILED_BEFORE,
      failed("HealthCheckFailed", "timeout waiting for Deployment/shop/web"),
      FAILED_BEFORE,
    ];
    let asked = 0;
    return withAnswers(
      () => ({ body: kustomization(answers[asked++]) }),
      async (client) => [
        ...(await looks(client, WAITS.flux, heard)),
        ...(await looks(client, WAITS.flux, heard)),
        ...(await looks(client, WAITS.flux, heard)),
      ],
    );
  },
  "healthy, and not for long enough": () => [
    ...flux(kustomization(), SOON),
    ...flux(kustomization({}, {}), SOON),
    ...argo(application(), SOON),
  ],
  "healthy for long enough": () => [...flux(kustomization()), ...helm(release()), ...argo(application())],
  "unhealthy to the end": () =>
    told(judgeKustomization(kustomization(failed("HealthCheckFailed", "timeout")), named, awaited, OVER), OVER),
  "no proof of health to the end": () => told(judgeKustomization(kustomization(AT_OLD), named, awaited, OVER), OVER),
  "nothing is named to wait for": () =>
    withAnswers(
      () => ({}),
      (client) => looks(client, WAITS.nothing),
    ),
  "kinds that are not served there": () =>
    withAnswers(
      () => no(404, "NotFound", "the server could not find the requested resource"),
      async (client) => [...(await looks(client, WAITS.flux)), ...(await looks(client, WAITS.argo))],
    ),
  "what is waited for may not be read": () =>
    withAnswers(
      () => no(403, "Forbidden", "applications.argoproj.io is forbidden"),
      async (client) => [...(await looks(client, WAITS.flux)), ...(await looks(client, WAITS.argo))],
    ),
  "a cluster that cannot be asked": () =>
    withAnswers(
      () => no(400, "BadRequest", "the request is invalid"),
      (client) => looks(client, WAITS.flux),
    ),
  "what is waited for may not be asked": () =>
    withAnswers(
      (asked) => (isPatch(asked) ? no(403, "Forbidden", "gitrepositories is forbidden") : { body: sourced(AT_OLD) }),
      (client) => looks(client, WAITS.flux),
    ),
  "what is waited for could not be asked": () =>
    withAnswers(
      (asked) => (isPatch(asked) ? no(400, "BadRequest", "the request is invalid") : { body: sourced(AT_OLD) }),
      (client) => looks(client, WAITS.flux),
    ),
};
