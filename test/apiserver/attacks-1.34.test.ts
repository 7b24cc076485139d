import { afterAll } from "vitest";
import { playAttacks } from "../attacks/suite.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { install } from "../cluster/install.ts";
import { progressLine } from "../cluster/progress.ts";
import { sharedCluster } from "../cluster/shared.ts";

/** The same requests where Kubernetes itself has no kind that stamps. */

let cluster: Cluster | undefined;
const { owned } = sharedCluster();

afterAll(async () => {
  await cluster?.stop();
});

playAttacks("the API server cannot stamp (1.34)", {
  stamps: "Client",
  skip: !owned,
  // The first time it is built, which takes some minutes.
  patienceMs: 1_800_000,
  cluster: async () => {
    cluster = await startCluster({
      apiServer: "1.34",
      onProgress: (progress) => console.error(progressLine(progress)),
    });
    await install(cluster, { stamps: "Client" });
    return cluster;
  },
});
