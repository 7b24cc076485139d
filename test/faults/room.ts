import { randomBytes } from "node:crypto";
import { type Action, actionKey } from "../../src/api/actions.ts";
import { API_VERSION, GROUP, LABEL, OPERATOR_ACCOUNT, TIERS } from "../../src/api/group.ts";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import type { AgentStatus } from "../../src/api/order.ts";
import { approverRole } from "../../src/api/rbac.ts";
import type { RecordSpec } from "../../src/api/record.ts";
import type { TargetStatus } from "../../src/api/target.ts";
import { DEPLOYMENTS, type Job, JOBS, MAINFRAMES, type Raw, RECORDS, SERVERS } from "../../src/controllers/kinds.ts";
import { AGENT_LIMITS, agentDriver } from "../../src/delivery/agent.ts";
import { ANY_ADDRESS } from "../../src/dial/address-rules.ts";
import type { Draft, Resource } from "../../src/kube/types.ts";
import { LEASES } from "../../src/runtime/lease.ts";
import { readSigningKey } from "../../src/licence/key-files.ts";
import { signRead } from "../../src/licence/sign.ts";
import { untilAllowed } from "../cluster/allowed.ts";
import { until } from "../cluster/until.ts";
import { startInProcess } from "../world/in-process.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import type { TargetProcesses } from "../world/target.ts";
import { type AgentWire, type PassedOrder, startAgentWire } from "./agent-wire.ts";
import type { Hall } from "./hall.ts";
import type { Script } from "./script.ts";

/** The namespace of one run, its targets behind wires, and what people do there; they reach the API server directly. */
export interface Room {
  readonly namespace: string;
  /** See `Script.begin`. */
  readonly begin: () => void;
  readonly serve: (name: string, tier: "Public" | "Omega", extra?: object) => Promise<void>;
  readonly feed: (name: string, omega: string) => Promise<void>;
  readonly push: (name: string, version: string, extra?: object) => Promise<void>;
  readonly withdraw: (name: string) => Promise<void>;
  readonly sicken: (target: string, sick: boolean) => Promise<void>;
  readonly until: (name: string, hope: (status: DeploymentStatus) => boolean) => Promise<DeploymentStatus>;
  readonly status: (name: string) => Promise<DeploymentStatus>;
  readonly act: (
    person: string,
    name: string,
    action: Pick<Action, "verb" | "tier" | "token"> & { readonly reason?: string },
  ) => Promise<void>;
  /** Waits for the approvals of this tier to be the gate, and gives one. */
  readonly approve: (person: string, name: string, tier: Action["tier"]) => Promise<void>;
  /** The same by a commit that a sync bot applies, manifest and all. */
  readonly commit: (name: string, version: string, tier: Action["tier"]) => Promise<void>;
  readonly chainOf: (name: string) => Promise<readonly RecordSpec[]>;
  readonly targets: () => readonly RoomTarget[];
  readonly jobs: () => Promise<readonly Job[]>;
  readonly shut: (now: boolean) => void;
  readonly forgetLease: () => Promise<void>;
  /** Who leads here now. */
  readonly leader: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}
interface RoomTarget {
  readonly name: string;
  readonly version: () => Promise<string | undefined>;
  readonly agent: () => Promise<AgentStatus>;
  readonly status: () => Promise<TargetStatus>;
}

const core = (plural: string, kind: string, namespaced: boolean): Resource => ({
  group: "",
  version: "v1",
  plural,
  kind,
  namespaced,
});
const rbac = (plural: string, kind: string): Resource => ({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  plural,
  kind,
  namespaced: true,
});
const NAMESPACES = core("namespaces", "Namespace", false);
const ROLES = rbac("roles", "Role");
const BINDINGS = rbac("rolebindings", "RoleBinding");
/** On a machine that has other work, too. */
const PATIENCE_MS = 60_000;
const GROUP_OF_RBAC = "rbac.authorization.k8s.io";

export const SYNC_BOT = "system:serviceaccount:flux-system:kustomize-controller";
const BOT_GROUPS = ["system:serviceaccounts", "system:serviceaccounts:flux-system", "system:authenticated"];

const user = (name: string) => ({ apiGroup: GROUP_OF_RBAC, kind: "User", name });
const tokenOf = ({ blockedBy }: DeploymentStatus, gate: string): string =>
  blockedBy?.find((one) => one.gate === gate)?.token ?? "";

export async function openRoom(
  { client, world, release, sicken }: Hall,
  prefix: string,
  makeScript: () => Script,
  told: { readonly order: (order: PassedOrder) => void; readonly die: () => void; readonly life: () => number },
  signal: AbortSignal,
): Promise<Room> {
  const namespace = `${prefix}-${randomBytes(4).toString("hex")}`;
  const script = makeScript();
  await client.create(NAMESPACES, {
    metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  const bind = (kind: string, role: string, subjects: readonly object[]) =>
    client.create(BINDINGS, {
      metadata: { namespace, name: role },
      roleRef: { apiGroup: GROUP_OF_RBAC, kind, name: role },
      subjects,
    });
  await Promise.all([
    client.create(ROLES, {
      metadata: { namespace, name: "room-lease" },
      rules: [{ apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["*"] }],
    }),
    bind("Role", "room-lease", [{ kind: "ServiceAccount", namespace: "ashat-system", name: "ashat" }]),
    bind("ClusterRole", "ashat-editor", [user("ann"), user(SYNC_BOT)]),
    ...TIERS.map((tier) => bind("ClusterRole", approverRole(tier), [user("ann"), user(SYNC_BOT)])),
  ]);
  const tiers = TIERS.map((name) => ({ verb: "approve", group: GROUP, resource: "tiers", name, namespace }));
  const editing = { verb: "create", group: GROUP, resource: "deployments", namespace };
  const leading = { verb: "update", group: "coordination.k8s.io", resource: "leases", namespace };
  await untilAllowed(client, [
    { user: OPERATOR_ACCOUNT, right: leading },
    ...["ann", SYNC_BOT].flatMap((name) => [editing, ...tiers].map((right) => ({ user: name, right }))),
  ]);
  const driver = agentDriver(ANY_ADDRESS, { ...AGENT_LIMITS, questionMs: PATIENCE_MS });
  const wires: AgentWire[] = [];
  const places: { readonly at: TargetProcesses; readonly kind: "Server" | "Mainframe" }[] = [];
  const orderKey = await readSigningKey(world.keys.orderKey);
  const put = async (resource: Resource, object: object): Promise<void> => {
    await client.create(resource, object as Draft);
  };
  const target = async (name: string, kind: "Server" | "Mainframe"): Promise<TargetProcesses> => {
    const real = await startInProcess({
      namespace,
      name,
      dir: world.dir,
      ca: world.ca,
      keys: world.keys,
      licensed: kind === "Mainframe",
    });
    const wire = await startAgentWire(real, script, told);
    wires.push(wire);
    places.push({ at: real, kind });
    return { ...real, agentUrl: wire.url };
  };
  const statusOf = async (name: string): Promise<DeploymentStatus> =>
    ((await client.get(DEPLOYMENTS, { namespace, name })) as Raw<unknown, DeploymentStatus>).status ?? {};
  const hoped = async (name: string, hope: (status: DeploymentStatus) => boolean): Promise<DeploymentStatus> => {
    let last: DeploymentStatus = {};
    return until(
      `update ${name} is as hoped`,
      async () => {
        last = await statusOf(name);
        if (hope(last)) return last;
        throw new Error(`it is ${last.phase ?? "nothing"} at ${last.tier ?? "no tier"}: ${last.message ?? ""}`);
      },
      { timeoutMs: 600_000, everyMs: 150, signal },
    );
  };
  const asked = (name: string, tier: Action["tier"]): Promise<DeploymentStatus> =>
    hoped(
      name,
      ({ blockedBy, tier: at }) => at === tier && blockedBy?.some(({ gate }) => gate === "approvals") === true,
    );
  const act: Room["act"] = async (person, name, { verb, tier, token, reason = "" }) => {
    const annotations = { [actionKey(verb, tier)]: `${token} ${reason}`.trim() };
    await client
      .as(person)
      .mergePatch(DEPLOYMENTS, { namespace, name }, { metadata: { annotations } }, { fieldManager: "ashat" });
  };
  return {
    namespace,
    begin: script.begin,
    serve: async (name, tier, extra) => put(SERVERS, server(namespace, tier, await target(name, "Server"), extra)),
    feed: async (name, omega) =>
      put(
        MAINFRAMES,
        mainframe(namespace, omega, await target(name, "Mainframe"), await licenceFor(world.keys, namespace, name)),
      ),
    push: async (name, version, extra) => {
      await client.as("ann").create(DEPLOYMENTS, update(namespace, name, await release(version), extra) as Draft);
    },
    withdraw: (name) => client.remove(DEPLOYMENTS, { namespace, name }),
    sicken: (name, sick) => sicken(namespace, name, sick),
    until: hoped,
    status: statusOf,
    act,
    approve: async (person, name, tier) =>
      act(person, name, { verb: "approve", tier, token: tokenOf(await asked(name, tier), "approvals") }),
    commit: async (name, version, tier) => {
      const apply = async (annotations: Readonly<Record<string, string>>): Promise<void> => {
        const { metadata, ...rest } = update(namespace, name, await release(version)) as Draft;
        await client
          .as(SYNC_BOT, BOT_GROUPS)
          .apply(
            DEPLOYMENTS,
            { apiVersion: API_VERSION, ...rest, metadata: { ...metadata, annotations } },
            { fieldManager: "kustomize-controller", force: true },
          );
      };
      await apply({});
      await apply({ [actionKey("approve", tier)]: tokenOf(await asked(name, tier), "approvals") });
    },
    chainOf: async (name) => {
      const { items } = await client.list(RECORDS, { namespace, labelSelector: `${LABEL.deployment}=${name}` });
      return items.map(({ spec }) => spec).sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.seq - b.seq));
    },
    targets: () =>
      places.map(({ at, kind }) => ({
        name: at.name,
        version: at.version,
        status: async () =>
          (
            (await client.get(kind === "Server" ? SERVERS : MAINFRAMES, { namespace, name: at.name })) as Raw<
              unknown,
              TargetStatus
            >
          ).status ?? {},
        agent: async () => {
          const seen = await driver.observe(
            { url: at.agentUrl, tls: { sha256: at.certificate.sha256 } },
            await signRead(orderKey, { aud: `${namespace}/${at.name}`, now: new Date() }),
            AbortSignal.timeout(PATIENCE_MS),
          );
          if (seen.state !== "Answered") throw new Error(seen.message);
          return seen.status;
        },
      })),
    jobs: async () => (await client.list(JOBS, { namespace })).items,
    shut: (now) => wires.forEach((wire) => wire.shut(now)),
    forgetLease: () => client.remove(LEASES, { namespace, name: "ashat-operator" }).catch(() => undefined),
    leader: async () => (await client.find(LEASES, { namespace, name: "ashat-operator" }))?.spec?.holderIdentity,
    close: async () => {
      await Promise.all(wires.map((wire) => wire.stop()));
      await Promise.all(places.map(({ at }) => at.stop()));
      await driver.close();
    },
  };
}
