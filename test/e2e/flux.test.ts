import { expect, test } from "vitest";
import { actionKey, AUTHOR_KEY, stampKey } from "../../src/api/actions.ts";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import { verifyChain } from "../../src/api/record.ts";
import { notFound } from "../../src/kube/errors.ts";
import { until } from "../cluster/until.ts";
import { openFluxScene, withApproval } from "../world/flux-scene.ts";
import { server, update } from "../world/manifests.ts";
import { movesOf } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();
const { flux, room: fluxRoom, expectRest, waitByRules } = openFluxScene(scene);

const APPROVE = actionKey("approve", "omega");

const release = (file: string, version: string) => scene.world().archives.build({ version, file: `flux-${file}.tgz` });

const approvals = ({ blockedBy }: DeploymentStatus) => blockedBy?.find(({ gate }) => gate === "approvals");
const waits = (status: DeploymentStatus): boolean => status.phase === "AwaitingApproval" && status.tier === "omega";

test.concurrent(
  "an update committed to Git runs to the approval, and a commit approves exactly the token it names",
  async () => {
    const synced = await fluxRoom("commits", { wait: true });
    const { room, sync } = synced;
    const { namespace } = room;
    await waitByRules(synced);
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    const [one, two] = await Promise.all([release("commits-1", "9.4.2"), release("commits-2", "9.4.3")]);
    const { account } = flux();
    const first = await sync.push(
      {
        "staging.yaml": server(namespace, "Public", staging),
        "omega.yaml": server(namespace, "Omega", omega, { approval: { syncBots: [account] } }),
        "first.yaml": update(namespace, "first", one),
      },
      "RaOS 9.4.2",
    );
    const token = approvals(await room.untilUpdate("first", waits))?.token ?? "";
    expect((await room.update("first")).metadata.annotations).toMatchObject({ [AUTHOR_KEY]: account });
    expect(await sync.settled(first)).toMatchObject({ status: "True" });
    await expectRest(synced, "first");

    await sync.push({ "first.yaml": withApproval(update(namespace, "first", one), "0123456789abcdef") });
    const mistaken = await room.untilUpdate(
      "first",
      (status) => approvals(status)?.message.includes("does not count") === true,
    );
    expect(mistaken.message).toContain(`it names 0123456789abcdef, and the token is ${token}`);
    expect(mistaken.approval).toBe("0/1");

    const approval = `${token} seen on staging`;
    const second = await sync.push({ "first.yaml": withApproval(update(namespace, "first", one), approval) });
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    expect(await omega.version()).toBe("9.4.2");
    expect(await sync.settled(second)).toMatchObject({ status: "True" });
    const records = await room.records("first");
    const from = { kind: "Kustomization", namespace, name: sync.name };
    expect(records[0]?.actor).toEqual({
      name: account,
      known: "Admission",
      source: { ...from, revision: `main@sha1:${first}` },
    });
    expect(records.find(({ to, tier }) => to === "Delivering" && tier === "omega")).toMatchObject({
      approvals: [{ user: account, reason: "seen on staging" }],
      actor: { name: account, known: "Admission", source: { ...from, revision: `main@sha1:${second}` } },
      token: expect.stringMatching(new RegExp(`^${token}`)),
    });
    expect((await room.update("first")).metadata.annotations).toMatchObject({
      [APPROVE]: approval,
      [stampKey("approve", "omega")]: account,
    });
    await expectRest(synced, "first");

    // Somebody copies the file, and the approval with it.
    await sync.push({ "second.yaml": withApproval(update(namespace, "second", two), approval) });
    const copied = await room.untilUpdate("second", waits);
    expect(copied.message).toContain(`it names ${token}, and the token is ${approvals(copied)?.token}`);
    expect(copied.approval).toBe("0/1");
    await expectRest(synced, "second");
    expect(await omega.version()).toBe("9.4.2");
    expect(await staging.version()).toBe("9.4.3");

    const { uid } = (await room.update("first")).metadata;
    await sync.push({ "first.yaml": null }, "Done with");
    await until("the update is pruned", () => room.update("first").then(() => false, notFound));
    const kept = await room.records("first", uid);
    expect(kept.slice(0, records.length)).toEqual(records);
    expect(movesOf(kept)).toContain("omega Verifying>Passed Verified");
    expect(verifyChain(kept)).toEqual([]);
  },
);

test.concurrent(
  "a commit does not count where the server does not list the bot, and a person approves beside Flux by the printed command only",
  async () => {
    const synced = await fluxRoom("people");
    const { room, sync } = synced;
    const { namespace } = room;
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    const one = update(namespace, "first", await release("people", "9.4.2"));
    const servers = {
      "staging.yaml": server(namespace, "Public", staging),
      "omega.yaml": server(namespace, "Omega", omega, { approval: { required: 2 } }),
    };
    await sync.push({ ...servers, "first.yaml": one });
    const token = approvals(await room.untilUpdate("first", waits))?.token ?? "";
    await sync.push({ "first.yaml": withApproval(one, token) });
    const ignored = await room.untilUpdate(
      "first",
      (status) => approvals(status)?.message.includes("does not count") === true,
    );
    const { account } = flux();
    expect(ignored).toMatchObject({ phase: "AwaitingApproval", approval: "0/2" });
    expect(ignored.message).toContain(
      `${account} is a program, and approval.syncBots of server omega does not list it`,
    );

    const command = approvals(ignored)?.command ?? "";
    const plain = command.replace(" --field-manager=ashat", "");
    expect(plain).not.toBe(command);
    await expect(room.run("ann", plain)).rejects.toThrow(
      "Flux would remove this at its next reconcile: add --field-manager=ashat to the command, or commit it to Git",
    );
    await room.run("ann", command);
    const half = await room.untilUpdate("first", ({ approval }) => approval === "1/2");
    await expectRest(synced, "first");
    const { annotations } = (await room.update("first")).metadata;
    expect(annotations).toMatchObject({
      [actionKey("approve", "omega", "2")]: token,
      [stampKey("approve", "omega", "2")]: "ann",
    });
    // A commit that says something else of it leaves hers alone.
    await sync.push({ "first.yaml": one }, "No approval by commit after all");
    await until("the approval by commit is withdrawn", async () => {
      const now = (await room.update("first")).metadata.annotations ?? {};
      return !(APPROVE in now) && !(stampKey("approve", "omega") in now);
    });
    expect(approvals(half)?.token).toBe(token);
    await room.approve("ben", "first", "omega");
    await room.untilUpdate("first", ({ phase }) => phase === "Completed");
    const moved = (await room.records("first")).find(({ to, tier }) => to === "Delivering" && tier === "omega");
    expect(moved?.actor).not.toHaveProperty("source");
    expect(moved?.approvals?.map(({ user }) => user).sort()).toEqual(["ann", "ben"]);
  },
);

test.concurrent("a team whose account may create updates and not approve them cannot approve by commit", async () => {
  const { room, sync } = await fluxRoom("team", { serviceAccountName: "team" });
  const { namespace } = room;
  const account = `system:serviceaccount:${namespace}:team`;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  await room.apply(
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace, name: "team" } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { namespace, name: "team" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "ashat-editor" },
      subjects: [{ kind: "ServiceAccount", namespace, name: "team" }],
    },
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega, { approval: { syncBots: [account] } }),
  );
  const one = update(namespace, "first", await release("team", "9.4.2"));
  await sync.push({ "first.yaml": one });
  const token = approvals(await room.untilUpdate("first", waits))?.token ?? "";
  expect((await room.update("first")).metadata.annotations).toMatchObject({ [AUTHOR_KEY]: account });
  const refused = await sync.push({ "first.yaml": withApproval(one, token) });
  const { status, message } = await sync.settled(refused);
  expect(status).toBe("False");
  expect(message).toContain(
    `${account} may not approve on tier omega: that needs the verb approve on tiers.ashat.raos.io/omega in namespace ${namespace}`,
  );
  expect((await room.update("first")).status).toMatchObject({ phase: "AwaitingApproval", approval: "0/1" });
});
