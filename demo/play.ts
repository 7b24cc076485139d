import type { DeploymentStatus } from "../src/api/deployment.ts";
import type { RecordSpec } from "../src/api/record.ts";
import { createClient } from "../src/kube/client.ts";
import { fromKubeconfig } from "../src/kube/kubeconfig.ts";
import { update } from "../test/world/manifests.ts";
import { approving } from "./approve.ts";
import { follow } from "./follow.ts";
import { narrate } from "./narrate.ts";
import { DESCRIPTION, type Scene, UPDATE } from "./scene.ts";
import type { Screen } from "./screen.ts";
import { shellAs } from "./shell.ts";

/** The author applies the update; what happens is shown as it happens, and who is asked approves. */
export async function play(screen: Screen, scene: Scene, signal: AbortSignal): Promise<DeploymentStatus> {
  const { namespace, places } = scene;
  const manifest = JSON.stringify(update(namespace, UPDATE, scene.release, { description: DESCRIPTION }));
  const applied = await shellAs(scene, "author", "kubectl apply -f -", manifest);
  if (applied.code !== 0) throw new Error(`the author could not apply the update: ${applied.said}`);
  screen.line(`  ${screen.paint.dim("author")}    kubectl apply: ${applied.said}`);

  const failed = new AbortController();
  const client = createClient(await fromKubeconfig(scene.people.author), {
    fieldManager: "ashat-demo",
    userAgent: "ashat-demo",
  });
  const approvals = approving(screen, scene, (error) => failed.abort(error));
  let begun: number | undefined;
  const seeRecord = (record: RecordSpec): void => {
    begun ??= Date.parse(record.time);
    narrate(screen, record, begun, places);
  };
  const seeStatus = ({ phase, message = "", blockedBy = [] }: DeploymentStatus): void => {
    screen.now(message.split(": kubectl")[0]);
    const gate = blockedBy.find(({ gate }) => gate === "approvals");
    if (phase === "AwaitingApproval" && gate !== undefined) approvals.asked(gate);
    else approvals.over();
  };
  try {
    return await follow(client, namespace, UPDATE, AbortSignal.any([signal, failed.signal]), ({ record, status }) => {
      if (record !== undefined) seeRecord(record);
      if (status !== undefined) seeStatus(status);
    });
  } finally {
    approvals.over();
    screen.now(undefined);
    await client.close();
  }
}
