import { describe, expect, test } from "vitest";
import { actionKey, AUTHOR_KEY, stampKey } from "../api/actions.ts";
import { withSource } from "./actor.ts";
import { sourceOf, syncedFrom } from "./source.ts";

const FLUX = "system:serviceaccount:flux-system:kustomize-controller";
const ARGO = "system:serviceaccount:argocd:argocd-application-controller";
const labels = { "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" };
const applied = { kind: "Kustomization", namespace: "flux-system", name: "apps" } as const;
const tracked = (id: string) => ({ "argocd.argoproj.io/tracking-id": id, [AUTHOR_KEY]: ARGO });

const meta = (more: {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}) => ({
  name: "patch",
  namespace: "shop",
  uid: "u",
  resourceVersion: "1",
  generation: 1,
  creationTimestamp: "",
  labels: {},
  annotations: {},
  ...more,
});

describe("where an update is from", () => {
  test("a Kustomization, where a service account created it and Flux labelled it", () => {
    expect(syncedFrom(meta({ labels, annotations: { [AUTHOR_KEY]: FLUX } }))).toEqual(applied);
  });

  test("a Kustomization, where a service account approved by a commit what a person had created", () => {
    const annotations = {
      [AUTHOR_KEY]: "ann",
      [actionKey("approve", "omega")]: "t",
      [stampKey("approve", "omega")]: FLUX,
    };
    expect(syncedFrom(meta({ labels, annotations }))).toEqual(applied);
  });

  test("nowhere, where only people acted, whatever the labels say", () => {
    expect(syncedFrom(meta({ labels, annotations: { [AUTHOR_KEY]: "mallory" } }))).toBeUndefined();
  });

  test("an Application, in the namespace of its controller or in the one it names", () => {
    const id = "ashat.raos.io/Deployment:shop/patch";
    expect(syncedFrom(meta({ annotations: tracked(`shop-staging:${id}`) }))).toEqual({
      kind: "Application",
      namespace: "argocd",
      name: "shop-staging",
    });
    expect(syncedFrom(meta({ annotations: tracked(`team_shop-staging:${id}`) }))).toMatchObject({
      namespace: "team",
      name: "shop-staging",
    });
  });
});

test("what no object can be called is nowhere", () => {
  const odd = { ...labels, "kustomize.toolkit.fluxcd.io/name": "My_App" };
  expect(syncedFrom(meta({ labels: odd, annotations: { [AUTHOR_KEY]: FLUX } }))).toBeUndefined();
  expect(syncedFrom(meta({ annotations: tracked("../../secrets/x:y") }))).toBeUndefined();
  expect(syncedFrom(meta({ annotations: { [AUTHOR_KEY]: ARGO } }))).toBeUndefined();
});

const status = (id: string) => ({
  status: { lastAttemptedRevision: "main@sha1:4f2a", inventory: { entries: [{ id, v: "v1alpha1" }] } },
});

describe("at which revision", () => {
  test("the one that the tool was at, where the tool says that the update is its own", () => {
    const object = status("shop_patch_ashat.raos.io_Deployment");
    expect(sourceOf(applied, object, meta({}), false)).toEqual({ ...applied, revision: "main@sha1:4f2a" });
  });

  test("none, and no source, where labels name a Kustomization that did not apply it", () => {
    expect(sourceOf(applied, status("shop_other_ashat.raos.io_Deployment"), meta({}), false)).toBeUndefined();
    expect(sourceOf(applied, status("shop_patch_apps_Deployment"), meta({}), false)).toBeUndefined();
  });

  test("at the creation the tool has not said so yet, and its labels are its own", () => {
    const object = { status: { lastAttemptedRevision: "main@sha1:4f2a" } };
    expect(sourceOf(applied, object, meta({}), true)).toMatchObject({ revision: "main@sha1:4f2a" });
  });

  test("unknown where the tool cannot be read: then the creation names the tool alone, and nothing else names it", () => {
    expect(sourceOf(applied, undefined, meta({}), true)).toEqual(applied);
    expect(sourceOf(applied, undefined, meta({}), false)).toBeUndefined();
  });

  test("that of the sync under way, with Argo CD", () => {
    const from = { kind: "Application", namespace: "argocd", name: "shop" } as const;
    const resource = {
      group: "ashat.raos.io",
      version: "v1alpha1",
      kind: "Deployment",
      namespace: "shop",
      name: "patch",
    };
    const object = { status: { operationState: { syncResult: { revision: "4f2a" } }, resources: [resource] } };
    expect(sourceOf(from, object, meta({}), false)).toEqual({ ...from, revision: "4f2a" });
    expect(sourceOf(from, object, { ...meta({}), name: "other" }, false)).toBeUndefined();
  });
});

test("a record names the source of what a program did, never of what a person did", () => {
  const source = { ...applied, revision: "main@sha1:4f2a" };
  expect(withSource({ name: FLUX, known: "Admission" }, source)).toMatchObject({ source });
  expect(withSource({ name: `ann, ${FLUX}`, known: "Admission" }, source)).toMatchObject({ source });
  expect(withSource({ name: "ann", known: "Admission" }, source)).not.toHaveProperty("source");
  expect(withSource({ name: FLUX, known: "Unknown" }, source)).not.toHaveProperty("source");
});
