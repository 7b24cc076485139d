import { createHmac } from "node:crypto";
import { GROUP, LABEL } from "../api/group.ts";
import { hashOf, sha256 } from "../api/hash.ts";
import { signJws, TYP } from "../licence/jws.ts";
import type { SigningKey } from "../licence/keys.ts";
import type { Job } from "./kinds.ts";

/** Proves that a Job was made by this operator and asks what it was made to ask: a name and labels anybody can write. */
export interface Seal {
  readonly put: <J extends Sealable>(job: J) => J;
  readonly isOn: (job: Sealable) => boolean;
}
export type Sealable = Pick<Job, "spec"> & {
  readonly metadata: Pick<Job["metadata"], "name" | "namespace" | "labels" | "annotations">;
};

const SEAL = `${GROUP}/seal`;

export async function createSeal(key: SigningKey): Promise<Seal> {
  // Ed25519 signs the same text the same way every time, so every replica with this key has the same secret.
  const secret = sha256(await signJws(key, TYP.seal, { purpose: "seal of verification jobs" }));
  const sealOf = (job: Sealable): string =>
    createHmac("sha256", secret)
      .update(hashOf(sealed(job)))
      .digest("hex");
  return {
    put: (job) => ({
      ...job,
      metadata: { ...job.metadata, annotations: { ...job.metadata.annotations, [SEAL]: sealOf(job) } },
    }),
    isOn: (job) => job.metadata.annotations?.[SEAL] === sealOf(job),
  };
}

/** What decides whose evidence the Job brings, and of what; defaults that the API server fills in do not. */
const sealed = ({ metadata, spec }: Sealable): object => {
  const { image, command, args, env, envFrom } =
    spec.template?.spec?.containers?.find(({ name }) => name === "check") ?? {};
  const labels = [LABEL.deploymentUid, LABEL.target, LABEL.attempt].map((label) => metadata.labels?.[label] ?? "");
  return { namespace: metadata.namespace, name: metadata.name, labels, image, command, args, env, envFrom };
};
