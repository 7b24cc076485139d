import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Closed, delivered, type Ground, ignored } from "../attacks/forgery.ts";
import { tableOfForgeries } from "../attacks/table.ts";
import { untilPoliciesInForce } from "../cluster/install.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { movesOf } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

/** The policies themselves are attacked, by who may: then nothing is what it says, and nothing gated goes on. */

const scene = openScene();
const closed: { readonly name: string; readonly how: Closed }[] = [];
afterAll(() => console.info(tableOfForgeries(closed)));

const POLICIES = new URL("../../manifests/policies.yaml", import.meta.url).pathname;
const OBJECT = { group: "admissionregistration.k8s.io" } as const;
const patch = (kind: string, name: string, spec: object): readonly string[] => [
  "patch",
  `${kind}.${OBJECT.group}`,
  name,
  "--type=merge",
  `--patch=${JSON.stringify({ spec })}`,
];
const ACTIONS = ["validatingadmissionpolicy", "ashat-actions"] as const;
const BINDING = ["validatingadmissionpolicybinding", "ashat-actions"] as const;
const STAMPS = ["mutatingadmissionpolicy", "ashat-stamps"] as const;
const exempt = { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "DoesNotExist" }] };

const ATTACKS: readonly (readonly [string, readonly string[]])[] = [
  ["the policy of actions deleted", ["delete", `${ACTIONS[0]}.${OBJECT.group}`, ACTIONS[1]]],
  ["its binding deleted", ["delete", `${BINDING[0]}.${OBJECT.group}`, BINDING[1]]],
  ["the policy that stamps deleted", ["delete", `${STAMPS[0]}.${OBJECT.group}`, STAMPS[1]]],
  ["a binding that only warns", patch(...BINDING, { validationActions: ["Warn"] })],
  ["a binding scoped to other namespaces", patch(...BINDING, { matchResources: { namespaceSelector: exempt } })],
  [
    "a binding with a parameter nobody reads",
    patch(...BINDING, { paramRef: { name: "x", namespace: "default", parameterNotFoundAction: "Allow" } }),
  ],
  ["a policy that fails open", patch(...ACTIONS, { failurePolicy: "Ignore" })],
  [
    "a policy under a condition that is never met",
    patch(...ACTIONS, { matchConditions: [{ name: "never", expression: "false" }] }),
  ],
  [
    "a policy for other objects",
    patch(...ACTIONS, { matchConstraints: { objectSelector: { matchLabels: { guarded: "yes" } } } }),
  ],
  ["a policy with its rules taken out", patch(...ACTIONS, { validations: [{ expression: "true" }] })],
  [
    "stamps for other objects",
    patch(...STAMPS, { matchConstraints: { objectSelector: { matchLabels: { guarded: "yes" } } } }),
  ],
];

/** Each takes the time in which a policy takes effect, twice: all of them when asked, and always one of each kind. */
const ALWAYS = ["its binding deleted", "a binding scoped to other namespaces", "stamps for other objects"];
const tried = ATTACKS.filter(([name]) => process.env["ASHAT_ATTACKS"] === "all" || ALWAYS.includes(name));

let ground: Ground;
beforeAll(async () => {
  const room = await scene.room("policies");
  const { namespace } = room;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  await room.apply(
    server(namespace, "Public", staging),
    server(namespace, "Omega", omega),
    update(namespace, "first", await scene.world().archives.build({ version: "9.4.2", file: "policies.tgz" })),
  );
  await room.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
  const token = async () => (await room.update("first")).status?.token?.value ?? "";
  ground = { cluster: scene.cluster, client: scene.client(), room, omega, token };
});

const restore = async (): Promise<void> => {
  await scene.cluster.kubectl(["replace", "--force", "-f", POLICIES]);
  await untilPoliciesInForce(scene.cluster, ground.room.namespace);
};

describe("while the policies are not what they were, approvals count for nothing, and those of that time never", () => {
  test.each(tried)("%s", async (name, attack) => {
    const { cluster, room } = ground;
    const before = movesOf(await room.records("first"));
    const token = await ground.token();
    let said = "";
    try {
      await cluster.kubectl(attack);
      const stopped = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "policies", {
        timeoutMs: 15_000,
      });
      said = stopped.message ?? "";
      // What can be written now is written: with the token of before, with the one of now, and with ben's name.
      const now = await ground.token();
      for (const [slot, value] of [
        ["before", token],
        ["now", now],
      ] as const)
        await cluster
          .kubectl([
            "annotate",
            "deployments.ashat.raos.io/first",
            "-n",
            room.namespace,
            "--overwrite",
            "--field-manager=ashat",
            `approve.ashat.raos.io/omega.${slot}=${value}`,
            `by.ashat.raos.io/approve.omega.${slot}=ben`,
          ])
          .catch(() => undefined);
      expect(await delivered(ground)).toEqual([]);
      expect(movesOf(await room.records("first"))).toEqual(before);
      await until("OMEGA says so", async () =>
        (await room.serverStatus("omega")).conditions?.some(
          ({ type, status }) => type === "ApprovalGateEnforced" && status === "False",
        ),
      );
    } finally {
      await restore();
    }
    await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "approvals");
    const { metadata } = await room.update("first");
    const planted = Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith("approve."));
    for (const key of planted) await ignored(ground, `${key} does not count: `);
    expect(await delivered(ground)).toEqual([]);
    closed.push({
      name: `${name}${planted.length > 0 ? `, and ${planted.length} approvals planted` : ""}`,
      how: { by: "operator", said },
    });
    if (planted.length > 0)
      await cluster.kubectl([
        "annotate",
        "deployments.ashat.raos.io/first",
        "-n",
        room.namespace,
        "--field-manager=ashat",
        ...planted.map((key) => `${key}-`),
      ]);
  });
});

// In which order the API server asks two policies is its own affair: ours has the last word, or the request is refused.
test("a second policy that writes other stamps changes none", async () => {
  const { cluster, room } = ground;
  const metadata = { name: "other-stamps" };
  const objects = [
    {
      apiVersion: `${OBJECT.group}/v1`,
      kind: "MutatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Ignore",
        reinvocationPolicy: "Never",
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: ["ashat.raos.io"],
              apiVersions: ["*"],
              operations: ["UPDATE"],
              resources: ["deployments", "servers"],
            },
          ],
        },
        mutations: [
          {
            patchType: "ApplyConfiguration",
            applyConfiguration: {
              expression: 'Object{metadata: Object.metadata{annotations: {"by.ashat.raos.io/approve.omega.x": "ben"}}}',
            },
          },
        ],
      },
    },
    {
      apiVersion: `${OBJECT.group}/v1`,
      kind: "MutatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: metadata.name },
    },
  ];
  await room.apply(...objects);
  try {
    const STAMPED = "who acted is stamped by the API server only";
    // Servers have no stamps of ours, so that there it shows from when on.
    let tries = 0;
    await until("the other policy is at work", async () => {
      tries += 1;
      const { stdout } = await cluster.kubectl([
        "annotate",
        "servers.ashat.raos.io/staging",
        "-n",
        room.namespace,
        "--overwrite",
        `example.org/try=${tries}`,
        "-o",
        "jsonpath={.metadata.annotations}",
      ]);
      return stdout.includes("ben");
    });
    const said = await room
      .act("ann", "first", { verb: "approve", tier: "omega", slot: "x", token: "0000000000000000" })
      .then(() => "taken", String);
    const { annotations = {} } = (await room.update("first")).metadata;
    if (said === "taken") expect(annotations["by.ashat.raos.io/approve.omega.x"]).toBe("ann");
    else expect(said).toContain(STAMPED);
    expect(Object.values(annotations)).not.toContain("ben");
    expect(await delivered(ground)).toEqual([]);
    closed.push({
      name: "a second policy that stamps ben's name over ann's",
      how: { by: "API server", said: said === "taken" ? "the stamp says ann" : STAMPED },
    });
  } finally {
    await cluster.kubectl(["delete", "mutatingadmissionpolicies,mutatingadmissionpolicybindings", metadata.name]);
  }
});
