import type { SeenPolicies } from "../core/observed.ts";
import type { Texts } from "./gate.ts";

/** What is known of the policies: their texts, of the whole cluster, and for each namespace whether they were seen at work there. */
export interface GateMemory {
  readonly known: (namespace: string) => SeenPolicies;
  /** `asked` orders what is learned: an answer that took long does not undo a later one. */
  readonly learnTexts: (asked: number, texts: Texts) => void;
  readonly learnProof: (asked: number, namespace: string, proof: SeenPolicies) => void;
  readonly namespaces: () => readonly string[];
  readonly forget: (namespace: string) => void;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export function createGateMemory(): GateMemory {
  let texts: { readonly asked: number; readonly is: Texts } | undefined;
  const proofs = new Map<string, { readonly asked: number; readonly is: SeenPolicies }>();
  return {
    known: (namespace) => {
      if (texts?.is.state === "NotInForce") return texts.is;
      const proof = proofs.get(namespace)?.is;
      if (proof?.state === "InForce" && texts !== undefined && !same(proof.identity, texts.is.identity))
        return { state: "NotAsked" };
      return proof ?? { state: "NotAsked" };
    },
    learnTexts: (asked, is) => {
      if (texts === undefined || asked > texts.asked) texts = { asked, is };
    },
    learnProof: (asked, namespace, is) => {
      const before = proofs.get(namespace);
      if (before === undefined || asked > before.asked) proofs.set(namespace, { asked, is });
    },
    namespaces: () => [...proofs.keys()],
    forget: (namespace) => {
      proofs.delete(namespace);
    },
  };
}
