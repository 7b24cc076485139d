import { afterAll, beforeAll, expect, test } from "vitest";
import { ledgerName } from "../../src/delivery/kubernetes/ledger-name.ts";
import { createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { CONFIG_MAPS, SECRETS } from "../cluster/pod.ts";
import { person, type Person } from "../cluster/person.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { allowImpersonation, configMap, grant, manifest, NAMES, openKubernetes } from "../delivery/kubernetes-scene.ts";
import { type Moment, startCrashProxy } from "../world/crash-proxy.ts";

const cluster = sharedCluster();
let root: Person;
beforeAll(async () => {
  root = await person(cluster, "root", ["system:masters"]);
});
afterAll(() => root.client.close());

/** Every write of a delivery that takes the place of another one: both writes of the ledger, an apply, a removal. */
const writes = ["PUT secrets", "PATCH configmaps", "DELETE configmaps"];
const moments: readonly Moment[] = ["before the write", "after the commit", "after the reply"];

test.each(writes.flatMap((write) => moments.map((moment) => [moment, write] as const)))(
  "an operator that dies %s of %s leaves what the next one finishes",
  async (moment, write) => {
    const namespace = await newNamespace(cluster, "crash");
    await grant(cluster, namespace, "deployer");
    await allowImpersonation(cluster, namespace, "deployer");
    const scene = await openKubernetes(cluster, { namespace });
    const proxy = await startCrashProxy(cluster, namespace, { moment, only: write }, cluster.dir);
    try {
      await scene.delivers("1.0.0", [configMap("one", { colour: "red" }), configMap("gone", {})]);
      await scene.ends(scene.last().key);
      const body = [configMap("one", { colour: "blue" }), configMap("new", {})].map(manifest).join("---\n");
      const next = scene.assignment("1.1.0", [{ name: "all.yaml", body }]);

      /** One life: it delivers, and asks until it has ended, or until it dies. */
      const live = async (doomed: boolean): Promise<string> => {
        const life = await proxy.nextLife();
        const alive = new AbortController();
        life.admit(() => alive.abort(new Error("killed")));
        const client = createClient(await fromKubeconfig(life.kubeconfig), NAMES);
        const deliverer = scene.reborn(client);
        try {
          const first = await deliverer.deliver(scene.place, next, alive.signal);
          if (first.state !== "Answered") return first.message;
          return await until(
            "it has ended",
            async () => {
              const answer = await deliverer.report(scene.place, next.key, alive.signal);
              if (answer.state !== "Answered") throw new Error(answer.message);
              return answer.report.state === "Applied" || answer.report.state === "Failed"
                ? answer.report.state
                : undefined;
            },
            { signal: alive.signal },
          );
        } catch (error) {
          if (!doomed || !alive.signal.aborted) throw error;
          return "killed";
        } finally {
          await client.close();
        }
      };
      expect(await live(true)).toBe("killed");
      // The proxy kills every life at such a write but "before the write", so the next ones go to the API server itself.
      const after = scene.reborn(scene.home);
      const signal = new AbortController().signal;
      await after.deliver(scene.place, next, signal);
      expect(await scene.ends(next.key)).toMatchObject({ state: "Applied" });

      const { items } = await root.client.list(CONFIG_MAPS, { namespace });
      const ours = items.filter(({ metadata }) => metadata.name !== "kube-root-ca.crt");
      expect(ours.map(({ metadata, data }) => [metadata.name, data?.["colour"]])).toEqual([
        ["new", undefined],
        ["one", "blue"],
      ]);
      const secrets = (await root.client.list(SECRETS, { namespace })).items;
      expect(secrets.map(({ metadata }) => metadata.name)).toEqual([
        ledgerName({ target: "shop", app: "default", layer: "main" }),
      ]);
      expect(await scene.observe()).toMatchObject({
        status: {
          apps: [{ version: "1.1.0", previous: { version: "1.0.0" } }],
          seen: [{ sequence: 2, state: "Applied" }],
        },
      });
    } finally {
      await proxy.stop();
      await scene.close();
    }
  },
);
