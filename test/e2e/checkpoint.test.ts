import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPERATOR_ACCOUNT } from "../../src/api/group.ts";
import { recordName } from "../../src/api/record.ts";
import { history, type HistoryOptions } from "../../src/cli/history.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { type OperatorProcess, startOperator } from "../world/operator.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
let world: World;
let operator: OperatorProcess;

beforeAll(async () => {
  world = await startWorld(cluster, await newNamespace(cluster, "checkpoint"));
  operator = await startOperator(cluster, world.keys, world.dir, { flags: ["--checkpoint-interval=1"] });
});
afterAll(async () => {
  await operator?.stop(10_000);
  await world?.stop();
});

const log = (): Promise<string> => readFile(operator.logFile, "utf8");
const metric = async (name: string): Promise<string | undefined> =>
  (await (await fetch(`http://127.0.0.1:${operator.healthPort}/metrics`)).text())
    .split("\n")
    .find((line) => line.startsWith(`${name}{namespace="${world.namespace}"`));

/** Types `deploy history --verify`; what it proves, or not. */
const verified = async (
  options: Partial<HistoryOptions>,
): Promise<{ readonly code: number; readonly said: string }> => {
  const lines: string[] = [];
  const face = { print: (line: string) => lines.push(line), complain: (line: string) => lines.push(line), width: 1000 };
  const { namespace } = world;
  const code = await history(
    undefined,
    { verify: true, output: "table", namespace, kubeconfig: cluster.kubeconfig, ...options },
    face,
  );
  return { code, said: lines.filter((line) => /^(NOT PROVEN|proven)/.test(line)).join("\n") };
};

test("records that were taken off the end are found with the log of the operator, and the operator itself complains", async () => {
  const { namespace } = world;
  const at = await world.target("staging");
  await world.apply(
    server(namespace, "Public", at),
    update(namespace, "first", await world.archives.build({ version: "9.4.2" })),
  );
  await world.untilUpdate("first", ({ tier }) => tier === "omega");
  const records = await world.records("first");
  const signed = async (): Promise<string | undefined> => metric("ashat_records");
  await until("a checkpoint names all of them", async () => (await signed())?.endsWith(` ${records.length}`) === true);
  expect(await metric("ashat_records_heads_info")).toMatch(/sha256="[0-9a-f]{64}"\} 1$/);
  const anchor = { checkpoint: operator.logFile, keys: world.keys.operatorKeys };
  expect(await verified(anchor)).toMatchObject({
    code: 0,
    said: expect.stringMatching(/nothing was taken away of what \d+ checkpoints/),
  });

  // The update goes, so that no status names the newest record any more; then whoever can act as its account, with more rights than it has, takes that away, too.
  await cluster.kubectl(["delete", "deployments.ashat.raos.io/first", "-n", namespace]);
  const { deployment } = records[0] ?? { deployment: { name: "", uid: "" } };
  await until("its end is recorded and signed", async () => {
    const now = await world.records("first", deployment.uid);
    return now.length > records.length && (await signed())?.endsWith(` ${now.length}`) === true;
  });
  const whole = await world.records("first", deployment.uid);
  const newest = recordName(deployment, whole.length - 1);
  await cluster.kubectl(["delete", `deploymentrecords.ashat.raos.io/${newest}`, "-n", namespace], {
    as: { user: OPERATOR_ACCOUNT, groups: ["system:masters"] },
  });

  expect((await verified({})).code).toBe(0);
  expect(await verified(anchor)).toMatchObject({
    code: 3,
    said: expect.stringMatching(
      new RegExp(
        `NOT PROVEN +first \\(uid ${deployment.uid}\\): ${whole.length - 1} records here, but the checkpoint of \\S+ names ${whole.length} records`,
      ),
    ),
  });
  await until("the operator complains", async () => (await log()).includes("records of an update were taken away"));
});
