import type { Artifact } from "../../../src/api/artifact.ts";
import { orderKey } from "../../../src/api/order.ts";
import type { Assigning, Assignment } from "../../../src/delivery/assignment.ts";
import { kubernetesDeliverer } from "../../../src/delivery/kubernetes/deliverer.ts";
import { createLedgerProof, type LedgerProof } from "../../../src/delivery/kubernetes/ledger-proof.ts";
import type { Shelf } from "../../../src/delivery/kubernetes/ledger.ts";
import type { KubernetesPlace } from "../../../src/delivery/kubernetes/session.ts";
import { generateKeys, parseSigningKey } from "../../../src/licence/keys.ts";
import { withAnswers } from "./api-answers.ts";
import { type Kept, keeping, type Otherwise } from "./kept-objects.ts";
import type { Told } from "./told.ts";

const never = new AbortController().signal;
export const START = Date.parse("2030-01-01T00:00:00Z");
export const LAYER = { target: "staging", app: "shop", layer: "main" };
const COMMIT: Artifact = { git: { url: "https://git.example/shop.git", commit: "c".repeat(40) } };

const PROOF: Promise<LedgerProof> = generateKeys().then(async ({ privateJwk }) =>
  createLedgerProof(await parseSigningKey(privateJwk)),
);

/** A cluster to deliver to, and an operator that does: what a real API server makes of it is tested on one. */
export interface Stage {
  readonly shelf: Shelf;
  readonly kept: Map<string, Kept>;
  /** Delivers these manifests under the next sequence, or the given one. */
  readonly deliver: (manifests: string, more?: Partial<Assignment>) => Promise<Told>;
  readonly restore: (undoes: number, more?: Partial<Assignment>) => Promise<Told>;
  readonly report: (sequence: number) => Promise<Told>;
  readonly after: (seconds: number) => void;
}

export const told = (answer: Assigning): Told =>
  answer.state === "Answered"
    ? { codes: [answer.report.reason ?? ""], text: answer.report.message }
    : { codes: [answer.state === "Refused" ? answer.reason : answer.state], text: answer.message };

export const onStage = <Result>(
  play: (stage: Stage) => Promise<Result>,
  otherwise: Otherwise = () => undefined,
  { owner = "shop", path = ".", workMs = 45_000 } = {},
): Promise<Result> => {
  const kept = new Map<string, Kept>();
  return withAnswers(keeping(kept, otherwise), async (client) => {
    let now = START;
    let sequence = 0;
    let text = "";
    const proof = await PROOF;
    const deliverer = kubernetesDeliverer({
      proof,
      workMs,
      clusters: { of: () => client, close: () => Promise.resolve() },
      readArchive: () => Promise.resolve(new Map(text === "" ? [] : [["ashat.json", text]])),
      readTree: () => Promise.resolve(new Map([["a.yaml", text]])),
      now: () => now,
    });
    const place: KubernetesPlace = {
      target: { namespace: owner, name: "staging", uid: "uid-1" },
      spec: { path, namespace: "shop", healthySeconds: 30, timeoutSeconds: 600 },
    };
    const assigned = (more: Partial<Assignment>): Assignment => {
      const next = more.sequence ?? (sequence += 1);
      return {
        key: orderKey({ targetUid: "uid-1", app: "shop", layer: "main", sequence: next }),
        app: "shop",
        layer: "main",
        sequence: next,
        version: `1.${next}.0`,
        digest: `git:${next}`,
        action: { do: "deliver", artifact: COMMIT },
        update: { name: "update", uid: "update", description: "" },
        approvers: [],
        expiresAt: now + 300_000,
        ...more,
      };
    };
    return play({
      shelf: { client, namespace: "shop", owner: `${owner}/staging`, proof },
      kept,
      deliver: async (manifests, more = {}) => {
        text = manifests;
        return told(await deliverer.deliver(place, assigned(more), never));
      },
      restore: async (undoes, more = {}) =>
        told(await deliverer.deliver(place, assigned({ action: { do: "restore", undoes }, ...more }), never)),
      report: async (of) =>
        told(await deliverer.report(place, orderKey({ targetUid: "uid-1", ...LAYER, sequence: of }), never)),
      after: (seconds) => {
        now += seconds * 1000;
      },
    });
  });
};
