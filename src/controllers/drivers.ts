import { rm } from "node:fs/promises";
import { agentDriver } from "../delivery/agent.ts";
import { gitDeliverer } from "../delivery/git/deliverer.ts";
import { createCommitSeal } from "../delivery/git/seal.ts";
import { runFolder } from "../delivery/git/sweep.ts";
import { readArchiveFrom } from "../delivery/kubernetes/archive.ts";
import { createClusters } from "../delivery/kubernetes/clusters.ts";
import { kubernetesDeliverer } from "../delivery/kubernetes/deliverer.ts";
import { createLedgerProof } from "../delivery/kubernetes/ledger-proof.ts";
import type { AddressRules } from "../dial/address-rules.ts";
import type { Client } from "../kube/client.ts";
import type { SigningKey } from "../licence/keys.ts";
import type { Context } from "./context.ts";

type Drivers = Pick<Context, "agents" | "git" | "kubernetes" | "clusters" | "waits">;

/** The ways to deliver, opened when this process begins to lead. What they keep on disk is a cache, and gone with them. */
export async function openDrivers(
  home: Client,
  addresses: AddressRules,
  orderKey: SigningKey,
): Promise<Drivers & { readonly close: () => Promise<void> }> {
  const folder = runFolder();
  const agents = agentDriver(addresses);
  const git = gitDeliverer({ folder, addresses, now: Date.now, seal: await createCommitSeal(orderKey) });
  const clusters = createClusters(home, addresses, { fieldManager: "ashat", userAgent: "ashat-operator" });
  const kubernetes = kubernetesDeliverer({
    clusters,
    proof: await createLedgerProof(orderKey),
    readArchive: readArchiveFrom(addresses),
    readTree: git.readTree,
    now: Date.now,
  });
  return {
    agents,
    git,
    kubernetes,
    clusters,
    waits: new Map(),
    close: async () => {
      await Promise.all([agents.close(), git.close(), clusters.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
