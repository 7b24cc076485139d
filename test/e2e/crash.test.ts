import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EVIDENCE_FINALIZER, LABEL } from "../../src/api/group.ts";
import { type RecordSpec, verifyChain } from "../../src/api/record.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { notFound } from "../../src/kube/errors.ts";
import { LEASES } from "../../src/runtime/lease.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { type Doom, startCrashProxy } from "../world/crash-proxy.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import { launchOperator, type OperatorProcess, untilOperatorReady } from "../world/operator.ts";
import { openRoom } from "../world/room.ts";
import { countedBy } from "../world/writes.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
const RUN_MS = 400_000;
/** A life that found nothing to write for so long, once it was ready, has nothing left to do. */
const SILENT_MS = 2_000;
let world: World;
let client: Client;
let undisturbed: End;

beforeAll(async () => {
  client = createClient(await fromKubeconfig(cluster.kubeconfig), {
    fieldManager: "ashat-test",
    userAgent: "ashat-test",
  });
  world = await startWorld(cluster, await newNamespace(cluster, "crash"));
  undisturbed = await run({ moment: "never" });
});
afterAll(async () => {
  await world?.stop();
  await client?.close();
});

/** What must be the same however often the operator died. */
interface End {
  readonly chain: readonly object[];
  readonly status: object;
  readonly versions: readonly (string | undefined)[];
  readonly activations: readonly (readonly number[])[];
  readonly claims: readonly unknown[];
  readonly jobs: readonly (readonly unknown[])[];
  readonly broken: readonly string[];
  readonly deaths: readonly string[];
}

const moveOf = ({
  tier,
  from,
  to,
  reason,
  message,
  completes,
  targets,
  approvals,
  evidence,
  actor,
  version,
}: RecordSpec): object => ({
  move: `${tier ?? ""} ${from ?? ""}>${to} ${reason}`,
  message,
  completes,
  version,
  actor,
  targets: targets?.map(({ name, sequence, attempt }) => ({ name, sequence, attempt })),
  approvals: approvals?.map(({ user }) => user),
  evidence: evidence?.map(({ target, category, verdict }) => ({ target, category, verdict })),
});

const killNow =
  ({ pid, running }: OperatorProcess) =>
  (): void => {
    if (running()) process.kill(-pid, "SIGKILL");
  };

const forgetLease = (): Promise<void> =>
  client.remove(LEASES, { namespace: "ashat-system", name: "ashat-operator" }).catch((error: unknown) => {
    if (!notFound(error)) throw error;
  });

/** The main run, with an operator that is started again at once whenever it has died. */
async function run(doom: Doom): Promise<End> {
  const room = await openRoom(cluster, client, world, "crash");
  const { namespace } = room;
  const [staging, omega, site] = await Promise.all([
    room.target("staging"),
    room.target("omega"),
    room.target("mf-1", { licensed: true }),
  ]);
  const proxy = await startCrashProxy(cluster, namespace, doom, world.dir);
  const born = async () => {
    const life = await proxy.nextLife();
    return { life, operator: await launchOperator(cluster, world.keys, world.dir, { kubeconfig: life.kubeconfig }) };
  };
  const deaths: string[] = [];
  const over = new AbortController();
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    mainframe(namespace, "omega", site, await licenceFor(world.keys, namespace, "mf-1")),
    update(namespace, "first", await world.archives.build({ version: "9.4.2" })),
  );
  const approved = room.approve("ann", "first", "omega", { timeoutMs: RUN_MS, signal: over.signal });
  let next = await born();
  try {
    for (;;) {
      const { life, operator } = next;
      life.admit(killNow(operator));
      // The next life is born while this one works, so that its death costs no start.
      next = await born();
      const silence = async (): Promise<undefined> => {
        await untilOperatorReady(operator);
        for (let before = -1; before !== life.committed(); await pause(SILENT_MS)) before = life.committed();
        await room.untilUpdate("first", ({ phase }) => phase === "Completed", {
          timeoutMs: RUN_MS,
          signal: over.signal,
        });
        for (let before = -1; before !== life.committed(); await pause(SILENT_MS)) before = life.committed();
        return undefined;
      };
      const death = await Promise.race([life.died, silence()]);
      if (death === undefined) {
        await operator.stop(10_000);
        break;
      }
      deaths.push(death);
      await operator.exited;
      await forgetLease();
    }
    await approved;
  } finally {
    over.abort();
    killNow(next.operator)();
    await next.operator.exited;
    await proxy.stop();
  }
  const records = await room.records("first");
  const { phase, message, readiness, mainframes, tiers, conditions } = (await room.update("first")).status ?? {};
  const statuses = [
    await room.serverStatus("staging"),
    await room.serverStatus("omega"),
    await room.mainframeStatus("mf-1"),
  ];
  const end = {
    chain: records.map(moveOf),
    status: {
      phase,
      message,
      readiness,
      mainframes,
      // Each room has its own update and servers, and so its own tokens.
      tiers: tiers?.map(({ token, ...tier }) => ({ ...tier, frozen: token !== undefined })),
      conditions: conditions?.map(({ type, status }) => [type, status]),
    },
    versions: await Promise.all([staging, omega, site].map((at) => at.version())),
    activations: (await Promise.all([staging, omega, site].map((at) => room.agent(at)))).map(({ activations }) =>
      activations.map(({ count }) => count),
    ),
    claims: statuses.flatMap(({ apps = [] }) => apps.map(({ claim }) => claim ?? "none")),
    jobs: (await room.jobs()).map(
      ({ metadata }) =>
        [metadata.labels?.[LABEL.attempt], metadata.finalizers?.includes(EVIDENCE_FINALIZER) ?? false] as const,
    ),
    broken: verifyChain(records),
    deaths,
  };
  await room.stop();
  return end;
}

const expectSameEnd = (end: End): void => {
  expect(end.broken).toEqual([]);
  expect(end.chain).toEqual(undisturbed.chain);
  expect(end.status).toEqual(undisturbed.status);
  expect(end.versions).toEqual(["9.4.2", "9.4.2", "9.4.2"]);
  expect(end.activations).toEqual([[1], [1], [1]]);
  expect(end.claims).toEqual(["none", "none", "none"]);
  expect(end.jobs).toEqual([
    ["1", false],
    ["1", false],
  ]);
};

test("the run that nobody disturbs completes", () => {
  expect(undisturbed.status).toMatchObject({ phase: "Completed" });
  expect(undisturbed.deaths).toEqual([]);
  expectSameEnd(undisturbed);
});

interface Enumeration extends Doom {
  readonly name: string;
  /** Runs also where nobody waits for a machine's report. */
  readonly always?: true;
}

const ENUMERATIONS: readonly Enumeration[] = [
  { name: "after the commit of every write, before the reply", moment: "after the commit", always: true },
  { name: "before every write", moment: "before the write" },
  { name: "after the reply to every write", moment: "after the reply" },
  {
    name: "between every event and the status it speaks of",
    moment: "before the write",
    only: "PUT deployments/status",
  },
];

// One enumeration is tried always; the others take some minutes more, which only machines spend.
test.for(ENUMERATIONS)(
  "an operator killed $name comes to the same end, with nothing twice",
  { timeout: RUN_MS + 60_000 },
  async (doom, { skip }) => {
    if (doom.always !== true && process.env["CI"] === undefined) skip("takes about a minute: set CI=1 to run it");
    const begun = performance.now();
    const end = await run(doom);
    const deaths = countedBy(end.deaths, (death) => death);
    const points = [...deaths].map(([kind, count]) => `${count} ${kind}`);
    console.log(
      `killed ${doom.name}: ${end.deaths.length} times in ${Math.round((performance.now() - begun) / 1000)} s\n  ${points.join("\n  ")}`,
    );
    expectSameEnd(end);
    // What is written exactly once was a point of death exactly once.
    if (doom.only === undefined)
      expect([deaths.get("POST deploymentrecords"), deaths.get("POST jobs"), deaths.get("PATCH jobs")]).toEqual([
        end.chain.length,
        2,
        2,
      ]);
  },
);
