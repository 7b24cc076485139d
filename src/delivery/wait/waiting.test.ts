import { describe, expect, test } from "vitest";
import { judgeApplication } from "./application.ts";
import { type Awaited, commitIn, isOurs, type Judgement } from "./awaited.ts";
import { judgeHelmRelease } from "./helm-release.ts";
import { judgeKustomization } from "./kustomization.ts";
import { endOf } from "./look.ts";

const OURS = "a".repeat(40);
const OLD = "b".repeat(40);
const NEWER = "c".repeat(40);
const start = Date.parse("2026-11-21T08:00:00Z");
/** Seconds after it was pushed, as Kubernetes writes times. */
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString().replace(".000Z", "Z");
const awaited: Awaited = {
  commit: OURS,
  contains: (commit) => commit === NEWER,
  deliveredAt: start,
  healthySeconds: 30,
};
const named = { namespace: "shop", name: "web" };
const condition = (type: string, status: string, since: number, more: object = {}) => ({
  type,
  status,
  reason: "Reason",
  message: "",
  lastTransitionTime: at(since),
  observedGeneration: 2,
  ...more,
});
const soon = start + 20_000;
const later = start + 60_000;

describe("a revision", () => {
  test.each([
    [`main@sha1:${OURS}`, OURS],
    [`refs/heads/main@sha1:${OURS}`, OURS],
    [`sha1:${OURS}`, OURS],
    [`main/${OURS}`, OURS],
    [OURS, OURS],
    [`latest@sha256:${"d".repeat(64)}`, "d".repeat(64)],
    [`main@sha1:${OURS.slice(1)}`, undefined],
    ["6.5.0", undefined],
    [undefined, undefined],
  ])("%s is of commit %s", (revision, commit) => expect(commitIn(revision)).toBe(commit));

  test("is ours when it is our commit or one that has it in its past", () => {
    expect([OURS, NEWER, OLD].map((commit) => isOurs(awaited, `main@sha1:${commit}`))).toEqual([true, true, false]);
  });
});

interface Case {
  readonly situation: string;
  readonly object: unknown;
  readonly now?: number;
  readonly expected: Partial<Judgement> | { readonly state: string; readonly message: unknown };
}
const saying = (words: string | RegExp): string => expect.stringMatching(words) as string;

describe("a Kustomization", () => {
  const flux = (status: object, spec: object = { wait: true }, metadata: object = {}) => ({
    metadata: { ...named, generation: 2, ...metadata },
    spec,
    status: {
      observedGeneration: 2,
      lastAppliedRevision: `main@sha1:${OURS}`,
      lastAttemptedRevision: `main@sha1:${OURS}`,
      conditions: [condition("Ready", "True", 10)],
      ...status,
    },
  });
  const history = (...entries: readonly (readonly [string, string, number, number])[]) => ({
    history: entries.map(([revision, lastReconciledStatus, first, last]) => ({
      digest: `sha256:${revision}${lastReconciledStatus}`,
      firstReconciled: at(first),
      lastReconciled: at(last),
      lastReconciledStatus,
      metadata: { revision: `main@sha1:${revision}` },
    })),
  });
  const good = "ReconciliationSucceeded";
  const cases: readonly Case[] = [
    {
      situation: "that is not there",
      object: undefined,
      expected: { state: "NotThere", message: saying("does not exist") },
    },
    {
      situation: "that is being deleted",
      object: flux({}, {}, { deletionTimestamp: at(1) }),
      expected: { state: "NotThere", message: saying("being deleted") },
    },
    {
      situation: "that is suspended at our revision",
      object: flux({}, { suspend: true }),
      expected: { state: "Working", message: saying("flux resume kustomization web -n shop") },
    },
    {
      situation: "that is suspended before our revision",
      object: flux({ lastAppliedRevision: OLD, lastAttemptedRevision: OLD }, { suspend: true }),
      expected: { state: "OldRevision" },
    },
    {
      situation: "that is healthy at the revision before ours",
      object: flux({ lastAppliedRevision: `main@sha1:${OLD}`, lastAttemptedRevision: `main@sha1:${OLD}` }),
      expected: { state: "OldRevision", message: saying("is at bbbbbbbbbbbb, not at aaaaaaaaaaaa") },
    },
    {
      situation: "that came to ours and was taken to another one since",
      object: flux({ lastAttemptedRevision: `main@sha1:${OLD}` }),
      expected: { state: "OldRevision" },
    },
    {
      situation: "that has begun with ours and is still healthy with the one before",
      object: flux({ lastAppliedRevision: `main@sha1:${OLD}` }),
      expected: { state: "Working" },
    },
    {
      situation: "that was ready at our revision not long enough ago",
      object: flux({}),
      now: soon,
      expected: { state: "Working", since: start + 10_000, message: saying("for 20 s more") },
    },
    {
      situation: "that has been ready at our revision for long enough",
      object: flux({}),
      expected: { state: "Healthy", since: start + 10_000 },
    },
    {
      situation: "that has been ready for long enough at one after ours",
      object: flux({ lastAppliedRevision: `main@sha1:${NEWER}`, lastAttemptedRevision: `main@sha1:${NEWER}` }),
      expected: { state: "Healthy" },
    },
    {
      situation: "that takes from an OCI artifact made of our commit",
      object: flux({
        lastAppliedRevision: `latest@sha256:${"d".repeat(64)}`,
        lastAppliedOriginRevision: `main@sha1:${OURS}`,
        lastAttemptedRevision: `main@sha1:${OURS}`,
      }),
      expected: { state: "Healthy" },
    },
    {
      situation: "that says Ready of another generation",
      object: flux({ conditions: [condition("Ready", "True", 10, { observedGeneration: 1 })] }),
      expected: { state: "Working" },
    },
    {
      situation: "that has not looked at its own change yet",
      object: flux({ observedGeneration: 1 }),
      expected: { state: "Working" },
    },
    {
      situation: "whose health check failed",
      object: flux({
        conditions: [
          condition("Ready", "False", 10, {
            reason: "HealthCheckFailed",
            message: "timeout waiting for: [Deployment/shop/web status: 'InProgress']",
          }),
        ],
      }),
      expected: { state: "Unhealthy", message: saying("Deployment/shop/web") },
    },
    {
      situation: "whose source is not there for the moment",
      object: flux({
        conditions: [condition("Ready", "False", 10, { reason: "ArtifactFailed", message: "no artifact" })],
      }),
      expected: { state: "Working", message: saying("no artifact") },
    },
    {
      situation: "that is stalled at our revision",
      object: flux({ conditions: [condition("Stalled", "True", 10, { message: "invalid" })] }),
      expected: { state: "Unhealthy" },
    },
    {
      situation: "that was looked at again just now and has been good for long",
      object: flux({
        conditions: [condition("Ready", "True", 55)],
        ...history([OURS, good, 12, 55], [OLD, good, -900, -60]),
      }),
      expected: { state: "Healthy", since: start + 12_000 },
    },
    {
      situation: "that was good before it failed for a while",
      object: flux({
        conditions: [condition("Ready", "True", 55)],
        ...history([OURS, good, 12, 55], [OURS, "HealthCheckFailed", 40, 45]),
      }),
      expected: { state: "Working", since: start + 45_000 },
    },
    {
      situation: "that had the same manifests long ago",
      object: flux({
        conditions: [condition("Ready", "True", 5)],
        ...history([OURS, good, -9_000, 5], [OLD, good, -900, 2]),
      }),
      now: soon,
      expected: { state: "Working", since: start + 2_000 },
    },
    {
      situation: "that tries again after it failed at ours",
      object: flux({
        conditions: [condition("Ready", "Unknown", 55)],
        lastAppliedRevision: `main@sha1:${OLD}`,
        ...history([OURS, "HealthCheckFailed", 40, 45], [OLD, good, -900, -60]),
      }),
      expected: { state: "Unhealthy", message: saying("HealthCheckFailed") },
    },
    {
      situation: "that works on ours and failed at the one before",
      object: flux({
        conditions: [condition("Ready", "Unknown", 5)],
        lastAppliedRevision: `main@sha1:${OLD}`,
        ...history([OLD, "HealthCheckFailed", -40, -5]),
      }),
      expected: { state: "Working" },
    },
    {
      situation: "that checks no health",
      object: flux({}, {}),
      expected: { state: "Healthy", message: saying("spec.wait") },
    },
  ];
  test.each(cases)("$situation is judged", ({ object, now = later, expected }) => {
    expect(judgeKustomization(object, named, awaited, now)).toMatchObject(expected);
  });
});

const applied = (revision: string, attempted = revision) => ({
  status: { lastAppliedRevision: `main@sha1:${revision}`, lastAttemptedRevision: `main@sha1:${attempted}` },
});

const chart = (revision: string, version = "6.5.0") => ({
  status: { observedSourceArtifactRevision: `main@sha1:${revision}`, artifact: { revision: version } },
});

describe("a HelmRelease", () => {
  const labels = { "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" };
  const deployed = { status: "deployed", chartVersion: "6.5.0", configDigest: "sha256:x" };
  const helm = (status: object = {}, spec: object = {}, metadata: object = {}) => ({
    metadata: { ...named, generation: 2, labels, ...metadata },
    spec,
    status: {
      observedGeneration: 2,
      lastAttemptedGeneration: 2,
      lastAttemptedRevision: "6.5.0",
      lastAttemptedConfigDigest: "sha256:x",
      history: [deployed],
      conditions: [condition("Ready", "True", 10), condition("Released", "True", 10)],
      ...status,
    },
  });
  const fromGit = { chart: { spec: { sourceRef: { kind: "GitRepository", name: "web" } } } };
  const ours = { kustomization: applied(OURS) };
  const cases: readonly (Case & { readonly with?: object })[] = [
    { situation: "that is not there", object: undefined, expected: { state: "NotThere" } },
    {
      situation: "that is being deleted",
      object: helm({}, {}, { deletionTimestamp: at(1) }),
      expected: { state: "NotThere" },
    },
    {
      situation: "that is suspended",
      object: helm({}, { suspend: true }),
      expected: { state: "Working", message: saying("flux resume helmrelease web -n shop") },
    },
    {
      situation: "whose Kustomization has not applied our commit",
      object: helm(),
      with: { kustomization: applied(OLD) },
      expected: {
        state: "OldRevision",
        message: saying("Kustomization flux-system/apps, which applies HelmRelease shop/web, is at bbbbbbbbbbbb"),
      },
    },
    {
      situation: "that nobody ties to a commit",
      object: helm({}, {}, { labels: {} }),
      expected: { state: "OldRevision", message: saying("does not say which commit") },
    },
    {
      situation: "whose Kustomization waits for it",
      object: helm(),
      with: { kustomization: applied(OLD, OURS) },
      expected: { state: "Working" },
    },
    {
      situation: "whose last attempt was of the generation before",
      object: helm({ lastAttemptedGeneration: 1 }),
      expected: { state: "Working" },
    },
    {
      situation: "that is ready at our commit for long enough",
      object: helm(),
      expected: { state: "Healthy", since: start + 10_000 },
    },
    {
      situation: "that is ready at our commit since a moment",
      object: helm(),
      now: soon,
      expected: { state: "Working", since: start + 10_000 },
    },
    {
      situation: "that deployed other values than it attempted",
      object: helm({ history: [{ ...deployed, configDigest: "sha256:y" }] }),
      expected: { state: "Working" },
    },
    {
      situation: "that deployed another chart than it attempted",
      object: helm({ history: [{ ...deployed, chartVersion: "6.4.0" }] }),
      expected: { state: "Working" },
    },
    {
      situation: "whose upgrade failed",
      object: helm({
        conditions: [
          condition("Ready", "False", 10),
          condition("Released", "False", 10, { message: "Helm upgrade failed: timeout" }),
        ],
      }),
      expected: { state: "Unhealthy", message: saying("Helm upgrade failed") },
    },
    {
      situation: "whose tests failed",
      object: helm({
        conditions: [
          condition("Ready", "False", 10),
          condition("Released", "True", 9),
          condition("TestSuccess", "False", 10, { message: "1 test failed" }),
        ],
      }),
      expected: { state: "Unhealthy", message: saying("1 test failed") },
    },
    {
      situation: "that Flux rolled back",
      object: helm({
        conditions: [
          condition("Ready", "False", 10),
          condition("Remediated", "True", 12, { message: "Helm rollback to previous release succeeded" }),
        ],
      }),
      expected: { state: "Unhealthy", message: saying("put back by Flux: Helm rollback") },
    },
    {
      situation: "that Flux rolled back in the generation before",
      object: helm({
        conditions: [condition("Ready", "True", 10), condition("Remediated", "True", -12, { observedGeneration: 1 })],
      }),
      expected: { state: "Healthy" },
    },
    {
      situation: "that ran out of retries",
      object: helm({
        conditions: [condition("Stalled", "True", 10, { message: "Failed to upgrade after 3 attempt(s)" })],
      }),
      expected: { state: "Unhealthy" },
    },
    {
      situation: "whose chart cannot be had for the moment",
      object: helm({
        conditions: [condition("Ready", "False", 10, { reason: "ArtifactFailed", message: "no chart" })],
      }),
      expected: { state: "Working", message: saying("no chart") },
    },
    {
      situation: "with values from a ConfigMap that it may not have read again",
      object: helm({}, { valuesFrom: [{ kind: "ConfigMap", name: "values" }] }),
      expected: { state: "Working", message: saying("valuesFrom") },
    },
    {
      situation: "with values from a ConfigMap that it has read again",
      object: helm({ lastHandledReconcileAt: OURS }, { valuesFrom: [{ kind: "ConfigMap", name: "values" }] }),
      expected: { state: "Healthy" },
    },
    {
      situation: "with the chart of our commit",
      object: helm({ helmChart: "shop/web" }, fromGit, { labels: {} }),
      with: { chart: chart(OURS) },
      expected: { state: "Healthy" },
    },
    {
      situation: "with the chart of the commit before",
      object: helm({ helmChart: "shop/web" }, fromGit, { labels: {} }),
      with: { chart: chart(OLD) },
      expected: { state: "OldRevision", message: saying("the chart of HelmRelease shop/web is of bbbbbbbbbbbb") },
    },
    {
      situation: "that has not taken the chart of our commit yet",
      object: helm({ helmChart: "shop/web" }, fromGit, { labels: {} }),
      with: { chart: chart(OURS, "6.6.0") },
      expected: { state: "Working" },
    },
  ];
  test.each(cases)("$situation is judged", ({ object, now = later, expected, with: with_ = ours }) => {
    expect(judgeHelmRelease({ release: object, ...with_ }, named, awaited, now)).toMatchObject(expected);
  });
});

describe("an Application, with the status that Argo CD is known to write", () => {
  const argo = (status: object, spec: object = { syncPolicy: { automated: {} } }, metadata: object = {}) => ({
    metadata: { ...named, ...metadata },
    spec,
    status: {
      sync: { status: "Synced", revision: OURS },
      health: { status: "Healthy", lastTransitionTime: at(12) },
      operationState: {
        phase: "Succeeded",
        finishedAt: at(10),
        syncResult: { revision: OURS },
        operation: { sync: {} },
      },
      reconciledAt: at(11),
      ...status,
    },
  });
  const operation = (more: object) => ({
    operationState: {
      phase: "Succeeded",
      finishedAt: at(10),
      syncResult: { revision: OURS },
      operation: { sync: {} },
      ...more,
    },
  });
  const sick = {
    resources: [
      { kind: "Deployment", name: "web", health: { status: "Degraded", message: "image cannot be pulled" } },
      { kind: "Service", name: "web", health: { status: "Healthy" } },
    ],
  };
  const cases: readonly Case[] = [
    { situation: "that is not there", object: undefined, expected: { state: "NotThere" } },
    {
      situation: "that is deleted while it is waited for",
      object: argo({}, {}, { deletionTimestamp: at(5) }),
      expected: { state: "NotThere", message: saying("being deleted") },
    },
    {
      situation: "that is healthy at the revision before",
      object: argo({ sync: { status: "Synced", revision: OLD } }),
      expected: { state: "OldRevision", message: saying("has seen bbbbbbbbbbbb, not aaaaaaaaaaaa") },
    },
    {
      situation: "that is healthy and has seen ours, but synced the one before",
      object: argo({
        sync: { status: "OutOfSync", revision: OURS },
        ...operation({ syncResult: { revision: OLD }, finishedAt: at(-900) }),
      }),
      expected: { state: "OldRevision", message: saying("has not synced it yet") },
    },
    {
      situation: "that nobody syncs by itself",
      object: argo(
        { sync: { status: "OutOfSync", revision: OURS }, ...operation({ syncResult: { revision: OLD } }) },
        {},
      ),
      expected: { state: "OldRevision", message: saying("argocd app sync web") },
    },
    {
      situation: "that is syncing while the health of before stands there",
      object: argo({
        ...operation({
          phase: "Running",
          finishedAt: undefined,
          message: "waiting for healthy state of apps/Deployment/web",
        }),
      }),
      expected: { state: "Working", message: saying("waiting for healthy state") },
    },
    {
      situation: "that was synced and whose health is from before that (argo-cd#29410)",
      object: argo({ reconciledAt: at(9), health: { status: "Healthy", lastTransitionTime: at(-9_000) } }),
      expected: { state: "Working", message: saying("not looked at by Argo CD since") },
    },
    {
      situation: "that was looked at in the very second in which its sync ended",
      object: argo({ reconciledAt: at(10) }),
      expected: { state: "Working" },
    },
    {
      situation: "that was healthy before and after the sync",
      object: argo({ health: { status: "Healthy", lastTransitionTime: at(-9_000) } }),
      expected: { state: "Healthy", since: start + 10_000 },
    },
    {
      situation: "that became healthy after the sync, not long ago",
      object: argo({}),
      now: soon,
      expected: { state: "Working", since: start + 12_000 },
    },
    {
      situation: "that became healthy after the sync, long enough ago",
      object: argo({}),
      expected: { state: "Healthy", since: start + 12_000 },
    },
    {
      situation: "for which our commit changed nothing",
      object: argo({
        ...operation({ syncResult: { revision: OLD }, finishedAt: at(-900) }),
        health: { status: "Healthy", lastTransitionTime: at(-900) },
      }),
      expected: { state: "Healthy", since: start },
    },
    {
      situation: "that drifts for ever, but was synced to ours",
      object: argo({ sync: { status: "OutOfSync", revision: OURS } }),
      expected: { state: "Healthy" },
    },
    {
      situation: "of which only a part was synced",
      object: argo({
        sync: { status: "OutOfSync", revision: OURS },
        ...operation({ operation: { sync: { resources: [{ kind: "Service", name: "web" }] } } }),
      }),
      expected: { state: "Working" },
    },
    {
      situation: "that was synced to one after ours",
      object: argo({ sync: { status: "Synced", revision: NEWER }, ...operation({ syncResult: { revision: NEWER } }) }),
      expected: { state: "Healthy" },
    },
    {
      situation: "of several sources",
      object: argo({
        sync: { status: "Synced", revisions: ["6.5.0", OURS] },
        ...operation({ syncResult: { revisions: ["6.5.0", OURS] } }),
      }),
      expected: { state: "Healthy" },
    },
    {
      situation: "whose sync failed",
      object: argo({
        ...operation({
          phase: "Failed",
          message: "one or more objects failed to apply",
          syncResult: {
            revision: OURS,
            resources: [{ kind: "Deployment", name: "web", status: "SyncFailed", message: "field is immutable" }],
          },
        }),
      }),
      expected: { state: "Unhealthy", message: saying("Deployment/web could not be synced \\(field is immutable\\)") },
    },
    {
      situation: "that is degraded at ours",
      object: argo({ health: { status: "Degraded", lastTransitionTime: at(20) }, ...sick }),
      expected: { state: "Unhealthy", message: saying("Deployment/web is Degraded \\(image cannot be pulled\\)$") },
    },
    {
      situation: "that progresses",
      object: argo({
        health: { status: "Progressing" },
        resources: [{ kind: "Deployment", name: "web", health: { status: "Progressing" } }],
      }),
      expected: { state: "Working", message: saying("Deployment/web is Progressing") },
    },
    {
      situation: "that cannot compare",
      object: argo({
        sync: { status: "Unknown", revision: OLD },
        conditions: [{ type: "ComparisonError", message: "repository not accessible" }],
      }),
      expected: { state: "OldRevision", message: saying("repository not accessible") },
    },
  ];
  test.each(cases)("$situation is judged", ({ object, now = later, expected }) => {
    expect(judgeApplication(object, named, awaited, now)).toMatchObject(expected);
  });
});

describe("a wait that is over", () => {
  const over = start + 601_000;
  test("is a written failure only where something is known to be unhealthy at our revision", () => {
    const wait = { timeoutSeconds: 600 };
    const message = "Deployment/web is Degraded";
    expect(endOf({ state: "Unhealthy", message }, awaited, wait, over)).toMatchObject({
      state: "Failed",
      reason: "HealthFailed",
      message: saying(message),
    });
    for (const state of ["NotThere", "OldRevision", "Working", "Unreachable"] as const)
      expect(endOf({ state, message }, awaited, wait, over)).toMatchObject({
        state: "Failed",
        reason: "WaitTimedOut",
        message: saying(message),
      });
    expect(endOf({ state: "Unhealthy", message }, awaited, wait, over - 2_000)).toMatchObject({ state: "Switching" });
    // Well, and not for long enough yet: it is given the rest of that.
    expect(endOf({ state: "Working", message, since: start }, awaited, wait, over)).toMatchObject({
      state: "Switching",
    });
    expect(endOf({ state: "Healthy", message, since: start }, awaited, wait, over)).toMatchObject({ state: "Applied" });
  });
});
