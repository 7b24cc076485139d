import type { z } from "zod";
import { type Deployment, DeploymentSpec, type DeploymentStatus } from "../api/deployment.ts";
import { type Mainframe, MainframeSpec } from "../api/mainframe.ts";
import type { Metadata } from "../api/meta.ts";
import { type Server, ServerSpec } from "../api/server.ts";
import type { TargetStatus } from "../api/target.ts";
import type { ObjectMeta } from "../kube/types.ts";
import type { Raw } from "./kinds.ts";

/** An object of ours that this version cannot read, e.g. because the CRD installed is another one. */
export class UnreadableObject extends Error {
  override readonly name = "UnreadableObject";
}

/** Parsed once per object: stores hand out the same frozen object until it changes. */
const memory = new WeakMap<object, unknown>();

function once<T>(raw: Raw, make: () => T): T {
  const known = memory.get(raw);
  if (known !== undefined) return known as T;
  const made = make();
  memory.set(raw, made);
  return made;
}

const spec = <S extends z.ZodType>(schema: S, raw: Raw): z.output<S> => {
  const parsed = schema.safeParse(raw.spec);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  throw new UnreadableObject(
    `${raw.kind} ${raw.metadata.namespace}/${raw.metadata.name} cannot be read by this version: ${where}. Install the CRDs of this version: kubectl apply -f crds/`,
  );
};

const metadata = (meta: ObjectMeta): Metadata => ({
  name: meta.name,
  namespace: meta.namespace ?? "",
  uid: meta.uid,
  resourceVersion: meta.resourceVersion,
  generation: meta.generation ?? 0,
  creationTimestamp: meta.creationTimestamp ?? "",
  labels: meta.labels ?? {},
  annotations: meta.annotations ?? {},
  ...(meta.deletionTimestamp !== undefined && { deletionTimestamp: meta.deletionTimestamp }),
});

export const parseDeployment = (raw: Raw): Deployment =>
  once(raw, () => ({
    metadata: metadata(raw.metadata),
    spec: spec(DeploymentSpec, raw),
    status: (raw.status ?? {}) as DeploymentStatus,
  }));

export const parseServer = (raw: Raw): Server =>
  once(raw, () => ({
    kind: "Server",
    metadata: metadata(raw.metadata),
    spec: spec(ServerSpec, raw),
    status: (raw.status ?? {}) as TargetStatus,
  }));

export const parseMainframe = (raw: Raw): Mainframe =>
  once(raw, () => ({
    kind: "Mainframe",
    metadata: metadata(raw.metadata),
    spec: spec(MainframeSpec, raw),
    status: (raw.status ?? {}) as TargetStatus,
  }));
