import { PROBE_IMAGE } from "../../cluster/node-config.ts";
import { progressLine } from "../../cluster/progress.ts";
import { startRealCluster } from "../../cluster/real-node.ts";
import { until } from "../../cluster/until.ts";

// A process with a real node that runs a pod: it says where all of that is, and waits for its own end.
const { cluster, node } = await startRealCluster({ onProgress: (progress) => console.error(progressLine(progress)) });
await until("there is an account for pods", () => cluster.kubectl(["get", "serviceaccount", "default"]));
await cluster.kubectl(["run", "probe", `--image=${PROBE_IMAGE}`, "--image-pull-policy=Never"]);
await cluster.kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "pod/probe"]);
console.log(JSON.stringify({ dirs: [cluster.dir, node.dir], host: node.network.host }));
setInterval(() => {}, 60_000);
