import { expect } from "vitest";
import type { ClusterAccess } from "../../cluster/access.ts";
import type { AuditEvent } from "../../cluster/audit.ts";

interface Made {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: { readonly selector: object; readonly template: { readonly spec: object } };
}

/** These namespaces, and no others, had pods; they enforce the restricted level of Pod Security, and it had no word to say of any. */
export const expectRestricted = async (
  cluster: ClusterAccess,
  events: readonly AuditEvent[],
  namespaces: readonly string[],
): Promise<void> => {
  const made = events.filter(
    ({ verb, objectRef, responseStatus }) =>
      verb === "create" &&
      ["pods", "jobs", "deployments"].includes(objectRef?.resource ?? "") &&
      responseStatus?.code === 201,
  );
  expect(new Set(made.map(({ objectRef }) => objectRef?.namespace))).toEqual(new Set(namespaces));
  const judged = events.flatMap(({ annotations = {} }) => Object.entries(annotations));
  // Else the server would not have judged at all.
  expect(judged).toContainEqual(["pod-security.kubernetes.io/enforce-policy", "restricted:latest"]);
  expect(judged.filter(([key]) => key.startsWith("pod-security.kubernetes.io/audit-violations"))).toEqual([]);
  // The same objects once more, as a person would make them: what warns is printed.
  for (const namespace of namespaces) {
    const { stdout } = await cluster.kubectl(["get", "jobs,deployments.apps", "-n", namespace, "-o", "json"]);
    const { items } = JSON.parse(stdout) as { readonly items: readonly Made[] };
    for (const { apiVersion, kind, spec } of items) {
      // What the server added to a Job belongs to that one only.
      const own = kind === "Job" ? { ...spec, selector: undefined, template: { spec: spec.template.spec } } : spec;
      const again = { apiVersion, kind, metadata: { name: "once-more", namespace }, spec: own };
      const { stderr } = await cluster.kubectl(["create", "--dry-run=server", "--filename=-"], {
        stdin: JSON.stringify(again),
      });
      expect([kind, stderr]).toEqual([kind, ""]);
    }
  }
};
