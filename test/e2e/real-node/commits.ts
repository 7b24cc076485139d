import { expect } from "vitest";
import type { DeploymentStatus } from "../../../src/api/deployment.ts";
import { verifyChain } from "../../../src/api/record.ts";
import type { Patience } from "../../cluster/until.ts";
import { withApproval } from "../../world/flux-scene.ts";
import type { Gitops } from "../../world/gitops.ts";
import { server, update } from "../../world/manifests.ts";
import type { Room } from "../../world/room.ts";
import type { World } from "../../world/world.ts";
import { type Node, saidByPods } from "./said.ts";
import { teamAccount } from "./team.ts";

const CHECKS = { checks: { modules: { path: "/api/modules" } } };
const RELEASE = "9.4.7";

const approvals = ({ blockedBy }: DeploymentStatus) => blockedBy?.find(({ gate }) => gate === "approvals");

/** Servers and an update are committed, the approval is committed after them, and Flux says of either commit how it ended. */
export async function goesByCommits(
  real: Node,
  world: World,
  room: Room,
  gitops: Gitops,
  patience: Patience,
): Promise<void> {
  const { namespace } = room;
  const { host } = real.node.network;
  const flux = await teamAccount(real, namespace);
  const sync = await gitops.sync(namespace, "shop", { wait: true, serviceAccountName: "flux" });
  await gitops.waitByRules(namespace, sync);
  const [staging, omega, release] = await Promise.all([
    room.target("staging", { host }),
    room.target("omega", { host }),
    world.archives.build({ version: RELEASE, file: "committed.tgz" }),
  ]);
  const committed = update(namespace, "committed", release);
  const first = await sync.push(
    {
      "staging.yaml": server(namespace, "Public", staging, CHECKS),
      "omega.yaml": server(namespace, "Omega", omega, { ...CHECKS, approval: { syncBots: [flux] } }),
      "update.yaml": committed,
    },
    `RaOS ${RELEASE}`,
  );
  const waiting = await room.untilUpdate(
    "committed",
    ({ phase, tier }) => phase === "AwaitingApproval" && tier === "omega",
    patience,
  );
  const token = approvals(waiting)?.token ?? "";
  expect(await sync.settled(first, patience)).toMatchObject({ status: "True" });
  expect([await staging.version(), await omega.version()]).toEqual([RELEASE, undefined]);

  const second = await sync.push(
    { "update.yaml": withApproval(committed, `${token} seen on staging`) },
    "It may go to production",
  );
  await room.untilUpdate("committed", ({ phase }) => phase === "Completed", patience);
  expect(await sync.settled(second, patience)).toMatchObject({ status: "True" });
  expect(await omega.version()).toBe(RELEASE);

  const records = await room.records("committed");
  expect(verifyChain(records)).toEqual([]);
  const asOf = (revision: string) => ({
    name: flux,
    known: "Admission",
    source: { kind: "Kustomization", namespace, name: sync.name, revision: `main@sha1:${revision}` },
  });
  expect(records[0]?.actor).toEqual(asOf(first));
  expect(records.find(({ to, tier }) => to === "Delivering" && tier === "omega")).toMatchObject({
    actor: asOf(second),
    approvals: [{ user: flux, token, reason: "seen on staging" }],
    token: expect.stringMatching(new RegExp(`^${token}`)),
  });
  const evidence = records.flatMap((record) => record.evidence ?? []).filter(({ verdict }) => verdict === "Passed");
  expect(evidence.map(({ target, category }) => `${target} ${category}`).sort()).toEqual([
    "omega Health Check",
    "omega Module Load Test",
    "staging Health Check",
    "staging Module Load Test",
  ]);
  // What the records keep is what real containers said at their end, to the letter, and nobody else said anything.
  const said = await saidByPods(real, namespace);
  expect(evidence.map(({ document = "" }) => document).sort()).toEqual([...said].sort());
}
