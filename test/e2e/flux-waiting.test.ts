import { expect, test } from "vitest";
import { until } from "../cluster/until.ts";
import { openFluxScene } from "../world/flux-scene.ts";
import { server, update } from "../world/manifests.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();
const { room: fluxRoom, waitByRules } = openFluxScene(scene);

const modules = { checks: { modules: { path: "/api/modules" } } };
const HELD = { timeoutMs: 120_000 };

test.concurrent.for([
  { how: "by the conditions alone", prefix: "kstatus", rules: false },
  { how: "by the rules that are shipped", prefix: "rules", rules: true },
])(
  "a Kustomization that waits is not held up by a person or by what has ended well, and fails with what is stalled, $how",
  async ({ prefix, rules }) => {
    const synced = await fluxRoom(prefix, { wait: true, timeout: "90s" });
    const { room, sync } = synced;
    const { namespace } = room;
    if (rules) await waitByRules(synced);
    const release = (file: string, version: string, extra: object = {}) =>
      scene.world().archives.build({ version, file: `${prefix}-${file}.tgz`, ...extra });
    /** Commits an update, waits until it is in this phase, and says what its Kustomization makes of it. */
    const phaseOf = async (name: string, built: Awaited<ReturnType<typeof release>>, wanted: string, more = {}) => {
      const revision = await sync.push({ ...more, [`${name}.yaml`]: update(namespace, name, built) });
      await room.untilUpdate(name, ({ phase }) => phase === wanted);
      return sync.settled(revision, HELD);
    };
    const current = { status: "True", reason: "ReconciliationSucceeded" };
    const failed = (name: string) => ({
      status: "False",
      reason: "HealthCheckFailed",
      message: expect.stringContaining(`Deployment/${namespace}/${name} status: 'Failed'`),
    });
    const now = async () => (await sync.reconcile()).status?.conditions?.find(({ type }) => type === "Ready");
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    const servers = {
      "staging.yaml": server(namespace, "Public", staging, modules),
      "omega.yaml": server(namespace, "Omega", omega),
    };
    const good = await release("good", "9.4.2");
    expect(await phaseOf("good", good, "AwaitingApproval", servers)).toMatchObject(current);
    const { tier, blockedBy } = await room.untilUpdate("good", ({ phase }) => phase === "AwaitingApproval");
    expect(tier).toBe("omega");
    const token = blockedBy?.find(({ gate }) => gate === "approvals")?.token ?? "";
    await room.act("ann", "good", { verb: "cancel", tier: "omega", token });
    await room.untilUpdate("good", ({ phase }) => phase === "Cancelled");
    expect(await now()).toMatchObject(current);

    expect(await phaseOf("older", await release("older", "9.4.1"), "Superseded")).toMatchObject(current);

    const reused = await release("reused", "9.4.2", { delayMs: 1 });
    expect(await phaseOf("reused", reused, "Refused")).toMatchObject(failed("reused"));

    const half = await release("half", "9.4.3", { moduleVersions: { billing: "9.4.1" } });
    expect(await phaseOf("half", half, "Held", { "reused.yaml": null })).toMatchObject(failed("half"));
    const held = (await room.update("half")).status?.tiers?.find(({ name }) => name === "public");
    await room.act("ann", "half", { verb: "rollback", tier: "public", token: held?.token ?? "" });
    await room.untilUpdate("half", ({ phase }) => phase === "RolledBack");
    expect(await now()).toMatchObject(failed("half"));

    const repaired = await sync.push({ "half.yaml": null }, "Not this one");
    expect(await sync.settled(repaired)).toMatchObject(current);
  },
);

test.concurrent(
  "a Kustomization that waits is not ready before its servers are, by the rules that are shipped",
  async () => {
    const synced = await fluxRoom("servers", { wait: true, timeout: "15s" });
    const { room, sync } = synced;
    await waitByRules(synced);
    const staging = await room.target("staging");
    await staging.killAgent();
    await sync.push({ "staging.yaml": server(room.namespace, "Public", staging) });
    // Flux waits for thirty seconds at least, whatever its timeout says.
    await until(
      "Flux has waited in vain",
      async () =>
        (await sync.status()).status?.history?.some(({ lastReconciledStatus: said }) => said === "HealthCheckFailed"),
      HELD,
    );
    expect((await room.serverStatus("staging")).conditions?.find(({ type }) => type === "Ready")?.status).toBe("False");
    await staging.startAgent();
    await until(
      "the server is ready, and its Kustomization too",
      async () => {
        const ready = (await sync.reconcile()).status?.conditions?.find(({ type }) => type === "Ready");
        return ready?.status === "True";
      },
      HELD,
    );
  },
);
