import type { Action } from "../../src/api/actions.ts";
import { actionKey } from "../../src/api/actions.ts";
import { deploymentRef, GROUP, TIERS } from "../../src/api/group.ts";
import type { AgentStatus } from "../../src/api/order.ts";
import { approverRole } from "../../src/api/rbac.ts";
import type { RecordSpec } from "../../src/api/record.ts";
import type { TargetStatus } from "../../src/api/target.ts";
import { type Job, JOBS, MAINFRAMES, type Raw, SERVERS } from "../../src/controllers/kinds.ts";
import { agentDriver } from "../../src/delivery/agent.ts";
import { ANY_ADDRESS } from "../../src/dial/address-rules.ts";
import type { Client } from "../../src/kube/client.ts";
import { readSigningKey } from "../../src/licence/key-files.ts";
import { signRead } from "../../src/licence/sign.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { untilAllowed } from "../cluster/allowed.ts";
import { newNamespace } from "../cluster/shared.ts";
import { type Patience, until } from "../cluster/until.ts";
import { startInProcess } from "./in-process.ts";
import type { TargetOptions, TargetProcesses } from "./target.ts";
import { startWire, type Wire } from "./wire.ts";
import { type Updates, updatesIn } from "./updates.ts";
import type { World } from "./world.ts";

/** A namespace of its own in a world, with people who may act and targets inside this process: one per situation. */
export interface Room extends Updates {
  readonly namespace: string;
  readonly target: (
    name: string,
    extra?: Partial<Pick<TargetOptions, "licensed" | "host">>,
  ) => Promise<TargetProcesses>;
  /** A wire in front of the agent of a target, or of its server. */
  readonly wire: (before: string, at: TargetProcesses) => Promise<Wire>;
  /** The same, but whoever asks speaks plain HTTP. */
  readonly plainWire: (before: string) => Promise<Wire>;
  readonly serverStatus: (name: string) => Promise<TargetStatus>;
  readonly mainframeStatus: (name: string) => Promise<TargetStatus>;
  readonly jobs: () => Promise<readonly Job[]>;
  /** What the agent of a target says of itself. */
  readonly agent: (at: TargetProcesses) => Promise<AgentStatus>;
  /** Runs a printed command as this person. */
  readonly run: (person: string, command: string) => Promise<void>;
  readonly act: (
    person: string,
    name: string,
    action: Pick<Action, "verb" | "tier" | "token"> & Partial<Pick<Action, "slot" | "reason">>,
  ) => Promise<void>;
  /** Waits for the approvals gate of this tier and runs the command it prints. */
  readonly approve: (person: string, name: string, tier: string, patience?: Patience) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Ann and Ben may act on every tier; everybody else may not. */
const APPROVERS = ["ann", "ben"] as const;

export async function openRoom(cluster: ClusterAccess, client: Client, world: World, prefix: string): Promise<Room> {
  const namespace = await newNamespace(cluster, prefix);
  const subjects = APPROVERS.map((name) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }));
  const bindings = [...TIERS.map(approverRole), "ashat-editor"].map((role) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { namespace, name: role },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: role === "ashat-editor" ? [...subjects, { ...subjects[0], name: "mallory" }] : subjects,
  }));
  const updates = updatesIn(cluster, client, namespace);
  await updates.apply(...bindings);
  const tiers = TIERS.map((name) => ({ verb: "approve", group: GROUP, resource: "tiers", name, namespace }));
  const editing = { verb: "create", group: GROUP, resource: "deployments", namespace };
  await untilAllowed(client, [
    { user: "mallory", right: editing },
    ...APPROVERS.flatMap((user) => [editing, ...tiers].map((right) => ({ user, right }))),
  ]);
  const driver = agentDriver(ANY_ADDRESS);
  const stops: (() => Promise<void>)[] = [];
  const stopLater = <T extends { readonly stop: () => Promise<void> }>(one: T): T => {
    stops.push(one.stop);
    return one;
  };
  const run = async (person: string, command: string): Promise<void> => {
    await cluster.kubectl(command.split(" ").slice(1), { as: { user: person } });
  };
  return {
    ...updates,
    namespace,
    target: async (name, extra = {}) =>
      stopLater(await startInProcess({ namespace, name, dir: world.dir, ca: world.ca, keys: world.keys, ...extra })),
    wire: async (before, { certificate }) => stopLater(await startWire(before, certificate)),
    plainWire: async (before) => stopLater(await startWire(before)),
    serverStatus: async (name) =>
      ((await client.get(SERVERS, { namespace, name })) as Raw<unknown, TargetStatus>).status ?? {},
    mainframeStatus: async (name) =>
      ((await client.get(MAINFRAMES, { namespace, name })) as Raw<unknown, TargetStatus>).status ?? {},
    jobs: async () => (await client.list(JOBS, { namespace })).items,
    agent: async (at) => {
      const token = await signRead(await readSigningKey(world.keys.orderKey), {
        aud: `${namespace}/${at.name}`,
        now: new Date(),
      });
      const seen = await driver.observe(
        { url: at.agentUrl, tls: { sha256: at.certificate.sha256 } },
        token,
        AbortSignal.timeout(10_000),
      );
      if (seen.state !== "Answered") throw new Error(seen.message);
      return seen.status;
    },
    run,
    act: async (person, name, { verb, tier, token, slot, reason = "" }) => {
      const value = `${actionKey(verb, tier, slot)}=${token} ${reason}`.trim();
      await cluster.kubectl(
        ["annotate", deploymentRef(name), "-n", namespace, "--overwrite", "--field-manager=ashat", value],
        { as: { user: person } },
      );
    },
    approve: async (person, name, tier, patience) => {
      const status = await updates.untilUpdate(
        name,
        ({ blockedBy, tier: at }) => at === tier && blockedBy?.some(({ gate }) => gate === "approvals") === true,
        patience,
      );
      await run(person, status.blockedBy?.find(({ gate }) => gate === "approvals")?.command ?? "");
    },
    stop: async () => {
      // The operator still runs: it lets go what it held here, so that nothing of this situation is left for the next file.
      await cluster.kubectl([
        "delete",
        "deployments.ashat.raos.io,servers.ashat.raos.io,mainframes.ashat.raos.io",
        "--all",
        "-n",
        namespace,
      ]);
      await until("nothing is held any more", async () =>
        (await client.list(JOBS, { namespace })).items.every(
          ({ metadata }) => (metadata.finalizers ?? []).length === 0,
        ),
      );
      await Promise.all(stops.map((stop) => stop()));
      await driver.close();
    },
  };
}

/** How often each order was activated, over all keys an agent knows. */
export const activations = ({ activations: all }: AgentStatus): readonly number[] => all.map(({ count }) => count);

/** The moves of a chain as short lines: tier, from, to, reason. */
export const movesOf = (records: readonly RecordSpec[]): readonly string[] =>
  records.map(({ tier = "", from = "", to, reason }) => `${tier} ${from}>${to} ${reason}`.trim());
