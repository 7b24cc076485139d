import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeploymentStatus } from "../../src/api/deployment.ts";
import { DAYS } from "../../src/api/window.ts";
import { type Argo, startArgo } from "../argocd/argo.ts";
import { normal } from "../argocd/normal.ts";
import { type ActionTest, type DiscoveryTest, type HealthTest, kept, readYaml } from "../argocd/testdata.ts";
import { account, type Person } from "../cluster/person.ts";
import { until } from "../cluster/until.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import type { Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

type Kind = "Deployment" | "Server" | "Mainframe";

const scene = openScene();
let argo: Argo;
/** What was seen alive, in the order of the tree. */
const seen = new Map<string, { readonly kind: Kind; readonly object: object }>();

beforeAll(async () => {
  argo = await startArgo();
}, 900_000);
afterAll(() => argo.stop());

/** A namespace whose updates Argo CD shows, and argocd-server's account with the roles that README grants it. */
async function shown(prefix: string, ...roles: readonly string[]) {
  const room = await scene.room(prefix);
  const { namespace } = room;
  const { kubectl } = scene.cluster;
  for (const name of ["argocd-server", "stock"]) await kubectl(["create", "serviceaccount", name, "-n", namespace]);
  // What every argocd-server may by its own installation.
  await kubectl(["create", "role", "stock", "--verb=get,patch,delete", "--resource=*.*", "-n", namespace]);
  const bind = (role: string, name: string): Promise<unknown> =>
    kubectl([
      "create",
      "rolebinding",
      `${name}-${role.split("=")[1]}`,
      role,
      `--serviceaccount=${namespace}:${name}`,
      "-n",
      namespace,
    ]);
  await bind("--role=stock", "argocd-server");
  await bind("--role=stock", "stock");
  for (const role of roles) await bind(`--clusterrole=${role}`, "argocd-server");
  const bot = await account(scene.cluster, namespace, "argocd-server");
  return { room, namespace, bot, stock: await account(scene.cluster, namespace, "stock") };
}

const live = async (room: Room, kind: string, name: string): Promise<object> => {
  const { stdout } = await scene.cluster.kubectl([
    "get",
    `${kind.toLowerCase()}s.ashat.raos.io/${name}`,
    "-n",
    room.namespace,
    "-o",
    "json",
  ]);
  return JSON.parse(stdout) as object;
};

/** Keeps an object under the name of its situation, and says how Argo CD shows it. */
async function look(room: Room, situation: string, kind: Kind, of: string | object) {
  const object = typeof of === "string" ? await live(room, kind, of) : of;
  seen.set(situation, { kind, object: normal(object, room.namespace) });
  const { status, message } = await argo.health(object);
  if (kind !== "Deployment") return { object, status, message };
  const offered = await argo.discover(object);
  const can = offered.filter(({ disabled }) => disabled !== true).map((action) => action.name);
  // What is offered runs, and what is not says why not.
  for (const { name: action } of offered)
    expect([action, (await argo.run(object, action)).refused === undefined]).toEqual([action, can.includes(action)]);
  return { object, status, message, can };
}

/** As argocd-server does it: the script makes another object of the live one, and the difference is sent as a merge patch. */
async function press(
  room: Room,
  who: Person,
  name: string,
  action: string,
  params: Readonly<Record<string, string>> = {},
) {
  const ran = await argo.run(await live(room, "Deployment", name), action, params);
  if (ran.refused !== undefined) throw new Error(ran.refused);
  await who.does(
    "patch",
    `deployments.ashat.raos.io/${name}`,
    "-n",
    room.namespace,
    "--type=merge",
    "--field-manager=argocd-server",
    "-p",
    JSON.stringify(ran.patch),
  );
  return ran.patch as { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
}

const isRollback = ({ command = "" }: { readonly command?: string | undefined }): boolean =>
  command.includes(" rollback.ashat.raos.io/omega.2=");

const isReady = (conditions: DeploymentStatus["conditions"], status: string): boolean =>
  conditions?.some((condition) => condition.type === "Ready" && condition.status === status) === true;

const release = (version: string) => scene.world().archives.build({ version });

test.concurrent(
  "two approvals, one of them by the button: it carries the token that is published, and counts once",
  async () => {
    const { room, namespace, bot, stock } = await shown("approve", "ashat-approver-omega", "ashat-rollback");
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    const approval = { required: 2, syncBots: [bot.user] };
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega, { approval }),
      update(namespace, "old", await release("9.4.1")),
    );
    for (const person of ["ann", "ben"]) {
      await room.approve(person, "old", "omega");
      await room.untilUpdate(
        "old",
        ({ approval: counted, phase }) => counted === "1/2" || phase !== "AwaitingApproval",
      );
    }
    await room.untilUpdate("old", ({ phase }) => phase === "Completed");
    await room.apply(update(namespace, "next", await release("9.4.2")));
    const waiting = await room.untilUpdate("next", ({ phase }) => phase === "AwaitingApproval");
    const first = await look(room, "awaiting-0-of-2", "Deployment", "next");
    expect(first).toMatchObject({
      status: "Suspended",
      message: waiting.message,
      can: ["approve", "cancel", "rollback"],
    });

    await expect(press(room, stock, "next", "approve")).rejects.toThrow(/stock may not approve on tier omega/);
    await expect(press(room, bot, "next", "approve", { token: "0123456789abcdef" })).rejects.toThrow(
      `what you saw has changed: it was token 0123456789abcdef, and it is ${waiting.token?.value} now`,
    );
    expect(
      await press(room, bot, "next", "approve", { reason: "change 4711", token: waiting.token?.value ?? "" }),
    ).toEqual({
      metadata: { annotations: { "approve.ashat.raos.io/omega": `${waiting.token?.value} change 4711` } },
    });
    await room.untilUpdate("next", ({ approval: counted }) => counted === "1/2");
    expect((await room.update("next")).metadata.annotations?.["by.ashat.raos.io/approve.omega"]).toBe(bot.user);
    const second = await look(room, "awaiting-1-of-2", "Deployment", "next");
    expect(second).toMatchObject({ status: "Suspended", can: ["approve", "cancel", "rollback"] });

    // The button again is the same account again; the slot is the one that the printed command has.
    const again = await press(room, bot, "next", "approve");
    expect(Object.keys(again.metadata?.annotations ?? {})).toEqual(["approve.ashat.raos.io/omega.2"]);
    await until("the operator says so", async () =>
      (await room.update("next")).status?.conditions?.some(
        ({ type, message }) => type === "ActionIgnored" && message.includes("one person counts once"),
      ),
    );
    expect((await room.update("next")).status?.approval).toBe("1/2");
    await room.approve("ann", "next", "omega");
    const completed = await room.untilUpdate("next", ({ phase }) => phase === "Completed");
    expect(await look(room, "completed", "Deployment", "next")).toMatchObject({
      status: "Healthy",
      message: completed.message,
      can: ["rollback"],
    });
    const approved = (await room.records("next")).find(({ reason }) => reason === "Approved");
    expect(approved?.approvals).toMatchObject([{ user: bot.user, reason: "change 4711" }, { user: "ann" }]);

    await expect(press(room, stock, "next", "rollback")).rejects.toThrow(/stock may not rollback on tier omega/);
    const back = await press(room, bot, "next", "rollback", { reason: "orders are lost" });
    const token = completed.tiers?.find(({ name }) => name === "omega")?.token;
    expect(back.metadata?.annotations).toEqual({ "rollback.ashat.raos.io/omega": `${token} orders are lost` });
    await room.untilUpdate("next", ({ phase }) => phase === "RolledBack");
    expect(await omega.version()).toBe("9.4.1");
    expect(await look(room, "rolled-back", "Deployment", "next")).toMatchObject({ status: "Degraded", can: [] });
    // Public goes back only where it is named.
    await press(room, bot, "next", "rollback", { tier: "public" });
    await until("public is asked to go back", async () =>
      (await room.records("next")).some(({ tier, reason }) => tier === "public" && reason === "RollbackAsked"),
    );
    await until("staging runs what it ran before", async () => (await staging.version()) === "9.4.1", {
      timeoutMs: 60_000,
    });
  },
);

test.concurrent("cancelled by the button before anything was delivered, and replaced by what is newer", async () => {
  const { room, namespace, bot, stock } = await shown("cancel", "ashat-rollback");
  await room.apply(update(namespace, "wrong", await release("9.4.1")));
  await room.untilUpdate("wrong", ({ blockedBy }) => blockedBy?.[0]?.gate === "references");
  expect(await look(room, "waiting-for-a-server", "Deployment", "wrong")).toMatchObject({
    status: "Progressing",
    can: ["cancel"],
  });
  await expect(press(room, stock, "wrong", "cancel")).rejects.toThrow(/stock may not cancel on tier public/);
  await press(room, bot, "wrong", "cancel", { reason: "the wrong file" });
  const cancelled = await room.untilUpdate("wrong", ({ phase }) => phase === "Cancelled");
  expect(cancelled.message).toContain("cancelled it before anything was delivered to public: the wrong file");
  expect(await look(room, "cancelled", "Deployment", "wrong")).toMatchObject({ status: "Suspended", can: [] });
  await expect(press(room, bot, "wrong", "cancel")).rejects.toThrow("it cannot be cancelled: ");

  const staging = await room.target("staging");
  await room.apply(server(namespace, "Public", staging), update(namespace, "newer", await release("9.4.3")));
  await room.untilUpdate("newer", ({ tier }) => tier === "omega");
  await room.apply(update(namespace, "older", await release("9.4.2")));
  await room.untilUpdate("older", ({ phase }) => phase === "Superseded");
  expect(await look(room, "superseded", "Deployment", "older")).toMatchObject({ status: "Healthy", can: [] });
});

test.concurrent("what is held is verified again by the button, once the cause is gone", async () => {
  const { room, namespace, bot, stock } = await shown("verify", "ashat-approver-public");
  const staging = await room.target("staging");
  const expected = { json: [{ pointer: "/version", equals: "9.9.9" }] };
  const api = { requests: [{ name: "greeting", path: "/api/greeting", expect: expected }] };
  await room.apply(
    server(namespace, "Public", staging, { checks: { api } }),
    update(namespace, "first", await release("9.4.2")),
  );
  const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
  expect(await look(room, "held", "Deployment", "first")).toMatchObject({
    status: "Degraded",
    message: held.message,
    can: ["rollback", "verify"],
  });
  await expect(press(room, stock, "first", "verify")).rejects.toThrow(/stock may not verify on tier public/);
  await room.apply(server(namespace, "Public", staging));
  const patch = await press(room, bot, "first", "verify", { reason: "the check was wrong" });
  expect(patch.metadata?.annotations).toEqual({
    "verify.ashat.raos.io/public": `${held.blockedBy?.[0]?.token} the check was wrong`,
  });
  await room.untilUpdate("first", ({ tier }) => tier === "omega");
  expect((await room.records("first")).find(({ reason }) => reason === "VerifyAsked")?.message).toContain(bot.user);
});

test.concurrent(
  "a restore that failed is asked again by the button under the token of that failure, and is not verified",
  async () => {
    const { room, namespace, bot } = await shown("restore", "ashat-rollback");
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    const wire = await room.wire(omega.url, omega);
    const expected = { json: [{ pointer: "/version", equals: "9.9.9" }] };
    const api = { requests: [{ name: "greeting", path: "/api/greeting", expect: expected }] };
    await room.apply(
      server(namespace, "Public", staging),
      server(namespace, "Omega", { ...omega, url: wire.url }, { checks: { api } }),
      update(namespace, "first", await release("9.4.2")),
    );
    wire.set("hang");
    await room.approve("ann", "first", "omega");
    await until("a check asks the server", () => wire.came.length > 0, { timeoutMs: 90_000 });
    await room.untilUpdate("first", ({ phase }) => phase === "Verifying");
    expect(await look(room, "verifying", "Deployment", "first")).toMatchObject({
      status: "Progressing",
      can: ["rollback"],
    });
    wire.set("pass");
    const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
    const first = await press(room, bot, "first", "rollback");
    expect(first.metadata?.annotations).toEqual({ "rollback.ashat.raos.io/omega": held.tiers?.at(1)?.token });
    const failed = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.some(isRollback) === true);
    const { token } = failed.blockedBy?.find(isRollback) ?? {};
    expect(token).not.toBe(failed.tiers?.at(1)?.token);
    expect(await look(room, "restore-failed", "Deployment", "first")).toMatchObject({
      status: "Degraded",
      can: ["rollback"],
    });
    const patch = await press(room, bot, "first", "rollback");
    expect(patch.metadata?.annotations).toEqual({ "rollback.ashat.raos.io/omega.2": token });
    await until("it was asked again", async () =>
      (await room.records("first")).some(({ message }) =>
        message.startsWith(`${bot.user} asked to roll omega back again`),
      ),
    );
  },
);

test.concurrent("a window that is shut is waited for, which is no progress and nothing that is wrong", async () => {
  const { room, namespace } = await shown("window");
  const staging = await room.target("staging");
  // Not today, wherever somebody looks at the clock.
  const day = DAYS[(new Date().getUTCDay() + 2) % 7] ?? "Mon";
  const windows = [{ days: [day], from: "03:00", to: "04:00" }];
  await room.apply(
    server(namespace, "Public", staging, { windows }),
    update(namespace, "first", await release("9.4.2")),
  );
  await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "window");
  expect(await look(room, "waiting-for-a-window", "Deployment", "first")).toMatchObject({
    status: "Suspended",
    can: ["cancel"],
  });
});

test.concurrent("servers and mainframes are what their operator says of them", async () => {
  const { room, namespace } = await shown("targets");
  const { keys } = scene.world();
  const [omega, one, away] = [
    await room.target("omega"),
    await room.target("cust-1", { licensed: true }),
    await room.target("away"),
  ];
  await away.killAgent();
  await room.apply(
    server(namespace, "Omega", omega),
    server(namespace, "Alpha", away),
    mainframe(namespace, "omega", one, await licenceFor(keys, namespace, "cust-1")),
    mainframe(namespace, "nowhere", { ...one, name: "early" }, undefined),
    mainframe(namespace, "omega", { ...one, name: "unlicensed" }, undefined),
  );
  const untilReady = (name: string, status: string, of: "serverStatus" | "mainframeStatus"): Promise<unknown> =>
    until(`${name} is ${status}`, async () => isReady((await room[of](name)).conditions, status), {
      timeoutMs: 60_000,
    });
  await untilReady("omega", "True", "serverStatus");
  await untilReady("away", "False", "serverStatus");
  await untilReady("cust-1", "True", "mainframeStatus");
  await untilReady("early", "False", "mainframeStatus");
  await untilReady("unlicensed", "False", "mainframeStatus");
  const [fresh = {}, freshServer = {}, freshMainframe = {}] = await Promise.all(
    [
      update(namespace, "fresh", await release("9.4.2")),
      server(namespace, "Omega", { ...omega, name: "fresh" }),
      mainframe(namespace, "omega", { ...one, name: "fresh" }, undefined),
    ].map(async (object) => {
      const stdin = JSON.stringify(object);
      const { stdout } = await scene.cluster.kubectl(["create", "--dry-run=server", "-o", "json", "-f", "-"], {
        stdin,
      });
      return JSON.parse(stdout) as object;
    }),
  );
  expect(await look(room, "not-seen-yet", "Deployment", fresh)).toMatchObject({ status: "Progressing", can: [] });
  expect(await look(room, "not-seen-yet-server", "Server", freshServer)).toMatchObject({ status: "Progressing" });
  expect(await look(room, "not-seen-yet-mainframe", "Mainframe", freshMainframe)).toMatchObject({
    status: "Progressing",
  });
  expect(await look(room, "server-ready", "Server", "omega")).toMatchObject({
    status: "Healthy",
    message: "its agent answers",
  });
  expect(await look(room, "server-away", "Server", "away")).toMatchObject({ status: "Degraded" });
  expect(await look(room, "mainframe-ready", "Mainframe", "cust-1")).toMatchObject({ status: "Healthy" });
  expect(await look(room, "mainframe-early", "Mainframe", "early")).toMatchObject({
    status: "Progressing",
    message: expect.stringContaining("there is no Omega server nowhere") as string,
  });
  expect(await look(room, "mainframe-unlicensed", "Mainframe", "unlicensed")).toMatchObject({ status: "Degraded" });
});

interface Git {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}
/** As argocd-application-controller does it, by either of its ways. */
const BY_SERVER = ["apply", "--server-side", "--field-manager=argocd-controller", "--force-conflicts", "-f", "-"];
const WAYS = { client: ["apply", "-f", "-"], server: BY_SERVER };

test.concurrent.for(Object.entries(WAYS))(
  "stamps, actions and what the operator writes make nothing OutOfSync where Argo CD applies by the %s, however it compares",
  async ([way, args]) => {
    const { kubectl } = scene.cluster;
    const { room, namespace, bot } = await shown(`sync-${way}`, "ashat-approver-omega");
    const [staging, omega] = [await room.target("staging"), await room.target("omega")];
    const git = [
      server(namespace, "Public", staging),
      server(namespace, "Omega", omega, { approval: { required: 2, syncBots: [bot.user] } }),
      update(namespace, "first", await release("9.4.2")),
    ] as readonly Git[];
    for (const object of git) await kubectl(args, { stdin: JSON.stringify(object) });
    await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
    await press(room, bot, "first", "approve");
    await room.untilUpdate("first", ({ approval }) => approval === "1/2");
    for (const object of git) {
      const now = await live(room, object.kind, object.metadata.name);
      const dryRun = await kubectl([...BY_SERVER, "--dry-run=server", "-o", "json"], { stdin: JSON.stringify(object) });
      expect(await argo.diff(object, now)).toMatchObject({ outOfSync: false });
      expect(await argo.diff(object, now, dryRun.stdout)).toMatchObject({ outOfSync: false });
      const spec = { ...object.spec, ...(object.kind === "Server" ? { soakSeconds: 7 } : { version: "9.9.9" }) };
      expect(await argo.diff({ ...object, spec }, now)).toMatchObject({ outOfSync: true });
    }
    // A sync after it takes nothing back.
    for (const object of git) await kubectl(args, { stdin: JSON.stringify(object) });
    expect((await room.update("first")).metadata.annotations).toMatchObject({
      "approve.ashat.raos.io/omega": expect.any(String) as string,
      "by.ashat.raos.io/approve.omega": bot.user,
    });
  },
);

test.concurrent("the patch goes into the settings that are there, and takes none of them away", async () => {
  const { kubectl } = scene.cluster;
  const file = new URL("../../manifests/argocd/argocd-cm-patch.yaml", import.meta.url).pathname;
  const at = ["configmap", "argocd-cm", "-n", "argocd"];
  await kubectl(["create", "namespace", "argocd"]);
  try {
    await kubectl(["create", ...at, "--from-literal=url=https://argocd.example"]);
    await kubectl(["patch", ...at, "--type", "merge", "--patch-file", file]);
    const { data } = JSON.parse((await kubectl(["get", ...at, "-o", "json"])).stdout) as { readonly data: object };
    expect(Object.keys(data)).toEqual([
      "resource.customizations.actions.ashat.raos.io_Deployment",
      "resource.customizations.health.ashat.raos.io_Deployment",
      "resource.customizations.health.ashat.raos.io_Mainframe",
      "resource.customizations.health.ashat.raos.io_Server",
      "url",
    ]);
  } finally {
    await kubectl(["delete", "namespace", "argocd", "--wait=false"]);
  }
});

// The last, because it keeps what the others have seen.
test("what is kept in the tree is what was seen alive", async () => {
  const [health, discovery, actions] = [new Map<Kind, HealthTest[]>(), [] as DiscoveryTest[], [] as ActionTest[]];
  for (const [situation, { kind, object }] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const inputPath = `testdata/${situation}.yaml`;
    expect(await kept(`${kind}/${inputPath}`, object)).toEqual(object);
    health.set(kind, [...(health.get(kind) ?? []), { healthStatus: await argo.health(object), inputPath }]);
    if (kind !== "Deployment") continue;
    const result = await argo.discover(object);
    discovery.push({ inputPath: `../${inputPath}`, result });
    for (const { name: action } of result) {
      const test = { action, inputPath: `../${inputPath}` };
      const ran = await argo.run(object, action);
      if (ran.refused !== undefined) actions.push({ ...test, expectedErrorMessage: ran.refused });
      else {
        const expectedOutputPath = `testdata/${situation}-${action}.yaml`;
        expect(await kept(`${kind}/actions/${expectedOutputPath}`, ran.object)).toEqual(ran.object);
        actions.push({ ...test, expectedOutputPath });
      }
    }
  }
  for (const [kind, tests] of health) expect(await kept(`${kind}/health_test.yaml`, { tests })).toEqual({ tests });
  const all = { discoveryTests: discovery, actionTests: actions };
  expect(await kept("Deployment/actions/action_test.yaml", all)).toEqual(all);
});

test("the tests of the tree pass as Argo CD's own would run them", async () => {
  for (const kind of ["Deployment", "Server", "Mainframe"]) {
    const { tests } = await readYaml<{ readonly tests: readonly HealthTest[] }>(kind, "health_test.yaml");
    for (const { inputPath, healthStatus } of tests)
      expect([inputPath, await argo.health(await readYaml(kind, inputPath))]).toEqual([inputPath, healthStatus]);
  }
  const dir = ["Deployment", "actions"];
  const { discoveryTests, actionTests } = await readYaml<{
    readonly discoveryTests: readonly DiscoveryTest[];
    readonly actionTests: readonly ActionTest[];
  }>(...dir, "action_test.yaml");
  for (const { inputPath, result } of discoveryTests)
    expect([inputPath, await argo.discover(await readYaml(...dir, inputPath))]).toEqual([inputPath, result]);
  for (const { action, inputPath, expectedOutputPath, expectedErrorMessage, parameters } of actionTests) {
    const ran = await argo.run(await readYaml(...dir, inputPath), action, parameters);
    const found = ran.refused ?? ran.object;
    expect([action, inputPath, found]).toEqual([
      action,
      inputPath,
      expectedErrorMessage ?? (await readYaml(...dir, expectedOutputPath ?? "")),
    ]);
  }
});
