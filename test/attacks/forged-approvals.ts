import { actionKey } from "../../src/api/actions.ts";
import { type Tier, type Verb } from "../../src/api/group.ts";
import { person } from "../cluster/person.ts";
import { annotating, type Closed, type Forgery, type Ground, ignored, refused } from "./forgery.ts";

/** Approvals that are not: one honest one of `ben` would deliver, so any of these that counted would be seen at OMEGA. */

type Act = { readonly verb?: Verb; readonly tier?: Tier; readonly token?: string; readonly reason?: string };

const words = (slot: string, { verb = "approve", tier = "omega", token = "", reason = "" }: Act): string =>
  `${actionKey(verb, tier, slot)}=${token} ${reason}`.trim();

/** Written by this person, accepted by the API server, and ignored by the operator in these words. */
const inVain =
  (who: string, act: (ground: Ground) => Promise<Act>, said: (act: Act) => string) =>
  async (ground: Ground, slot: string): Promise<Closed> => {
    const made = await act(ground);
    await ground.cluster.kubectl(annotating(ground, words(slot, made)), { as: { user: who } });
    const { verb = "approve", tier = "omega" } = made;
    return ignored(ground, `${actionKey(verb, tier, slot)} ${said(made)}`);
  };
const forbidden =
  (who: string, act: Act, said: string) =>
  async (ground: Ground, slot: string): Promise<Closed> =>
    refused(ground, who, annotating(ground, words(slot, { token: await ground.token(), ...act })), said);

const names = ({ token = "" }: Act): string => `does not count: it names ${token}, and the token is`;
const tokenOfTier = async ({ room }: Ground, tier: Tier): Promise<string> =>
  (await room.update("first")).status?.tiers?.find(({ name }) => name === tier)?.token ?? "";
const account = ({ room }: Ground, name: string): string => `system:serviceaccount:${room.namespace}:${name}`;

/** A program that may approve, as a sync account that approves by commits. */
const asProgram = async (ground: Ground): Promise<string> => {
  const { cluster, room } = ground;
  const at = ["-n", room.namespace];
  await cluster.kubectl(["create", "serviceaccount", "sync", ...at]).catch(() => undefined);
  for (const role of ["ashat-approver-omega", "ashat-editor"])
    await cluster
      .kubectl([
        "create",
        "rolebinding",
        `sync-${role}`,
        `--clusterrole=${role}`,
        `--serviceaccount=${room.namespace}:sync`,
        ...at,
      ])
      .catch(() => undefined);
  return account(ground, "sync");
};

export const FORGED_APPROVALS: readonly Forgery[] = [
  {
    name: "an author approves without the right",
    attempt: forbidden("mallory", {}, "mallory may not approve on tier omega"),
  },
  {
    name: "the author approves what they wrote",
    attempt: inVain(
      "ann",
      async (ground) => ({ token: await ground.token() }),
      () => "does not count: ann created the update",
    ),
  },
  { name: "a name in another case", attempt: forbidden("Ben", {}, 'User "Ben" cannot') },
  { name: "a name with a space behind it", attempt: forbidden("ben ", {}, 'User "ben " cannot') },
  {
    name: "a token of the tier before",
    attempt: inVain("ben", async (ground) => ({ token: await tokenOfTier(ground, "public") }), names),
  },
  {
    name: "the token in capitals",
    attempt: inVain("ben", async (ground) => ({ token: `${(await ground.token()).toUpperCase()}A` }), names),
  },
  {
    name: "the token cut short",
    attempt: inVain("ben", async (ground) => ({ token: (await ground.token()).slice(0, 15) }), names),
  },
  {
    name: "the token with a digit more",
    attempt: inVain("ben", async (ground) => ({ token: `${await ground.token()}0` }), names),
  },
  {
    name: "the hash of the newest record for a token",
    attempt: inVain("ben", async ({ room }) => ({ token: (await room.records("first")).at(-1)?.hash ?? "" }), names),
  },
  { name: "a token of nothing", attempt: inVain("ben", () => Promise.resolve({ token: "0000000000000000" }), names) },
  {
    name: "the token of the update of the same name in another namespace",
    attempt: async (ground, slot) => {
      const { cluster, room } = ground;
      const { items } = JSON.parse(
        (await cluster.kubectl(["get", "deployments.ashat.raos.io", "-A", "-o", "json"])).stdout,
      ) as {
        readonly items: readonly {
          readonly metadata: { readonly namespace: string; readonly name: string };
          readonly status?: { readonly token?: { readonly value: string } };
        }[];
      };
      const other = items.find(
        ({ metadata, status }) =>
          metadata.namespace !== room.namespace && metadata.name === "first" && status?.token !== undefined,
      );
      if (other?.status?.token === undefined) throw new Error("there is no other update of this name");
      return inVain("ben", () => Promise.resolve({ token: other.status?.token?.value ?? "" }), names)(ground, slot);
    },
  },
  {
    name: "an approval of the mainframes before OMEGA",
    attempt: inVain(
      "ben",
      async (ground) => ({ tier: "mainframes", token: await ground.token() }),
      () => "does nothing: the update is at omega",
    ),
  },
  {
    name: "a cancel with a token of nothing",
    attempt: inVain(
      "ben",
      () => Promise.resolve({ verb: "cancel", token: "0000000000000000" }),
      () => "names 0000000000000000",
    ),
  },
  {
    name: "a rollback of what was not delivered",
    attempt: inVain(
      "ben",
      async (ground) => ({ verb: "rollback", token: await ground.token() }),
      () => "does nothing: nothing was delivered to omega",
    ),
  },
  {
    name: "an override for an approval",
    attempt: inVain(
      "ben",
      () => Promise.resolve({ verb: "override", token: "0000000000000000", reason: "at once" }),
      () => "names 0000000000000000",
    ),
  },
  {
    name: "a cancel by who may not",
    attempt: forbidden("mallory", { verb: "cancel" }, "mallory may not cancel on tier omega"),
  },
  {
    name: "an override by who may not",
    attempt: forbidden("mallory", { verb: "override", reason: "at once" }, "mallory may not override on tier omega"),
  },
  {
    name: "a program approves that no server lists",
    attempt: async (ground, slot) =>
      inVain(
        await asProgram(ground),
        async () => ({ token: await ground.token() }),
        () => `does not count: ${account(ground, "sync")} is a program`,
      )(ground, slot),
  },
  {
    name: "who administers the namespace approves as a program of it",
    attempt: async (ground, slot) => {
      const { cluster, room } = ground;
      const sync = await asProgram(ground);
      await cluster
        .kubectl(["create", "rolebinding", "nina", "--clusterrole=admin", "--user=nina", "-n", room.namespace])
        .catch(() => undefined);
      const nina = await person(cluster, "nina");
      await nina.does(`--as=${sync}`, ...annotating(ground, words(slot, { token: await ground.token() })));
      await nina.client.close();
      return ignored(ground, `${actionKey("approve", "omega", slot)} does not count: ${sync} is a program`);
    },
  },
  {
    name: "an approver's name taken without the right to take it",
    attempt: async (ground, slot) => {
      const mallory = await person(ground.cluster, "mallory");
      const said = await mallory.isRefused(
        "--as=ben",
        ...annotating(ground, words(slot, { token: await ground.token() })),
      );
      await mallory.client.close();
      if (!said.includes("Forbidden")) throw new Error(said);
      return { by: "API server", said: "Forbidden" };
    },
  },
  {
    name: "a group taken without the right to take it",
    attempt: async (ground, slot) => {
      const mallory = await person(ground.cluster, "mallory");
      const said = await mallory.isRefused(
        "--as=mallory",
        "--as-group=system:masters",
        ...annotating(ground, words(slot, { token: await ground.token() })),
      );
      await mallory.client.close();
      if (!said.includes("Forbidden")) throw new Error(said);
      return { by: "API server", said: "Forbidden" };
    },
  },
  {
    name: "the groups of an approver under a certificate of one's own",
    attempt: async (ground, slot) => {
      const mallory = await person(ground.cluster, "mallory", ["ashat-approver-omega", "ben"]);
      const said = await mallory.isRefused(...annotating(ground, words(slot, { token: await ground.token() })));
      await mallory.client.close();
      if (!said.includes("mallory may not approve on tier omega")) throw new Error(said);
      return { by: "API server", said: "mallory may not approve on tier omega" };
    },
  },
  {
    name: "an approval with the stamp of ben written into it",
    attempt: async (ground, slot) =>
      refused(
        ground,
        "mallory",
        annotating(ground, words(slot, { token: await ground.token() }), `by.ashat.raos.io/approve.omega.${slot}=ben`),
        "mallory may not approve on tier omega",
      ),
  },
  {
    name: "an approval for the other kind named Deployment",
    attempt: async (ground, slot) => {
      const { room } = ground;
      const web = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: {
          name: "first",
          namespace: room.namespace,
          annotations: { [actionKey("approve", "omega", slot)]: await ground.token() },
        },
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: "b" } },
          template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "x" }] } },
        },
      };
      return refused(ground, "", ["create", "-f", "-"], "did you mean deployments.ashat.raos.io/first", {
        stdin: JSON.stringify(web),
      });
    },
  },
];
