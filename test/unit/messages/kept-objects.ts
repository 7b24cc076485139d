import type { Answer, Seen } from "../kube/faulty-server.ts";
import { no } from "./api-answers.ts";

export type Kept = Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> };
export type Otherwise = (asked: Seen, kept: Map<string, Kept>) => Answer | undefined;

const KINDS: Readonly<Record<string, readonly object[]>> = {
  "/api/v1": [
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "persistentvolumeclaims", kind: "PersistentVolumeClaim", namespaced: true },
  ],
  "/apis/apiextensions.k8s.io/v1": [
    { name: "customresourcedefinitions", kind: "CustomResourceDefinition", namespaced: false },
  ],
  "/apis/apps/v1": [{ name: "deployments", kind: "Deployment", namespaced: true }],
};

/** Keeps objects by their path, and says otherwise where the situation does. */
export const keeping = (kept: Map<string, Kept>, otherwise: Otherwise): ((asked: Seen) => Answer) => {
  let version = 1;
  const keep = (path: string, object: Kept, dryRun: boolean): Answer => {
    const before = kept.get(path)?.metadata;
    const metadata = { uid: path, ...before, ...object.metadata, resourceVersion: String((version += 1)) };
    const body = { ...kept.get(path), ...object, metadata };
    if (!dryRun) kept.set(path, body);
    return { body };
  };
  return (asked) => {
    const { method, url, body } = asked;
    const path = url.pathname;
    const said = otherwise(asked, kept);
    if (said !== undefined) return said;
    if (KINDS[path] !== undefined) return { body: { resources: KINDS[path] } };
    const object = kept.get(path);
    switch (method) {
      case "POST": {
        const made = JSON.parse(body) as Kept;
        return keep(`${path}/${String(made.metadata["name"])}`, made, false);
      }
      case "PUT":
      case "PATCH":
        return keep(path, JSON.parse(body) as Kept, url.searchParams.has("dryRun"));
      case "DELETE":
        kept.delete(path);
        return { body: object ?? {} };
      default:
        return object === undefined ? no(404, "NotFound", "not found", { name: "x" }) : { body: object };
    }
  };
};
