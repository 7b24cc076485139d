import type { Resource } from "../../kube/types.ts";

const resource = (group: string, version: string, kind: string, plural: string): Resource => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
});

const FLUX = "toolkit.fluxcd.io";
export const KUSTOMIZATIONS = resource(`kustomize.${FLUX}`, "v1", "Kustomization", "kustomizations");
export const HELM_RELEASES = resource(`helm.${FLUX}`, "v2", "HelmRelease", "helmreleases");
export const HELM_CHARTS = resource(`source.${FLUX}`, "v1", "HelmChart", "helmcharts");
export const GIT_REPOSITORIES = resource(`source.${FLUX}`, "v1", "GitRepository", "gitrepositories");
export const APPLICATIONS = resource("argoproj.io", "v1alpha1", "Application", "applications");
