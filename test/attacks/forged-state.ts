import { recordName, seal } from "../../src/api/record.ts";
import { annotating, type Forgery, type Ground, refused } from "./forgery.ts";

/** What everybody relies on, written by who may do everything in a cluster and by who may edit updates. */

const ROOT = "";

const statusPatch = (ground: Ground, kind: string, name: string, status: object): readonly string[] => [
  "patch",
  `${kind}.ashat.raos.io/${name}`,
  "-n",
  ground.room.namespace,
  "--subresource=status",
  "--type=merge",
  `--patch=${JSON.stringify({ status })}`,
];

/** The record that would let OMEGA begin, with a right hash and in its right place. */
const nextRecord = async ({ room }: Ground, change: object = {}): Promise<string> => {
  const records = await room.records("first");
  const head = records.at(-1);
  if (head === undefined) throw new Error("the update has no record yet");
  const { hash: _, ...body } = head;
  const spec = seal({
    ...body,
    seq: head.seq + 1,
    previous: head.hash,
    tier: "omega",
    from: "Waiting",
    to: "Delivering",
    reason: "Approved",
    message: "approved by ben: 9.4.2 goes to omega",
    actor: { name: "ben", known: "Admission" },
    ...change,
  });
  return JSON.stringify({
    apiVersion: "ashat.raos.io/v1alpha1",
    kind: "DeploymentRecord",
    metadata: { name: recordName(spec.deployment, spec.seq), namespace: room.namespace },
    spec,
  });
};

const newest = async ({ room }: Ground): Promise<string> => {
  const head = (await room.records("first")).at(-1);
  if (head === undefined) throw new Error("the update has no record yet");
  return recordName(head.deployment, head.seq);
};

const aRecord = "a record is written by the operator";

export const FORGED_STATE: readonly Forgery[] = [
  {
    name: "a status that says Completed, by a cluster administrator",
    attempt: (ground) =>
      refused(
        ground,
        ROOT,
        statusPatch(ground, "deployments", "first", { phase: "Completed" }),
        "status is written by the operator",
      ),
  },
  {
    name: "a status that says approved",
    attempt: (ground) =>
      refused(
        ground,
        ROOT,
        statusPatch(ground, "deployments", "first", { approval: "1/1", blockedBy: [] }),
        "status is written by the operator",
      ),
  },
  {
    name: "a status by its author",
    attempt: (ground) =>
      refused(
        ground,
        "mallory",
        statusPatch(ground, "deployments", "first", { phase: "Completed" }),
        'cannot get resource "deployments/status"',
      ),
  },
  {
    name: "a claim on OMEGA taken away",
    attempt: (ground) =>
      refused(ground, ROOT, statusPatch(ground, "servers", "omega", { apps: [] }), "status is written by the operator"),
  },
  {
    name: "OMEGA said to run the update already",
    attempt: (ground) =>
      refused(
        ground,
        ROOT,
        statusPatch(ground, "servers", "omega", { apps: [{ app: "default", sequence: 1, version: "9.4.2" }] }),
        "status is written by the operator",
      ),
  },
  {
    name: "the record that lets OMEGA begin, right in every digit, by a cluster administrator",
    attempt: async (ground) =>
      refused(ground, ROOT, ["create", "-f", "-"], aRecord, { stdin: await nextRecord(ground) }),
  },
  {
    name: "a record under a wrong hash",
    attempt: async (ground) =>
      refused(ground, ROOT, ["create", "-f", "-"], aRecord, {
        stdin: (await nextRecord(ground)).replace(/"hash":"[0-9a-f]{4}/, '"hash":"0000'),
      }),
  },
  {
    name: "a record in a place that is taken",
    attempt: async (ground) =>
      refused(ground, ROOT, ["create", "-f", "-"], aRecord, {
        stdin: await nextRecord(ground, { seq: 0, previous: "" }),
      }),
  },
  {
    name: "a record of an update that is not there",
    attempt: async (ground) =>
      refused(ground, ROOT, ["create", "-f", "-"], aRecord, {
        stdin: await nextRecord(ground, { deployment: { name: "first", uid: "3f0f2c50-0000-0000-0000-000000000000" } }),
      }),
  },
  {
    name: "a record by an author",
    attempt: async (ground) =>
      refused(ground, "mallory", ["create", "-f", "-"], "cannot create resource", { stdin: await nextRecord(ground) }),
  },
  {
    name: "the newest record taken away",
    attempt: async (ground) =>
      refused(ground, ROOT, ["delete", "adr", await newest(ground), "-n", ground.room.namespace], aRecord),
  },
  {
    name: "all records taken away",
    attempt: (ground) => refused(ground, ROOT, ["delete", "adr", "--all", "-n", ground.room.namespace], aRecord),
  },
  {
    name: "a record given to another update by its label",
    attempt: async (ground) =>
      refused(
        ground,
        ROOT,
        [
          "label",
          "adr",
          await newest(ground),
          "-n",
          ground.room.namespace,
          "ashat.raos.io/deployment-uid=x",
          "--overwrite",
        ],
        aRecord,
      ),
  },
  {
    name: "a record rewritten",
    attempt: async (ground) =>
      refused(
        ground,
        ROOT,
        [
          "patch",
          "adr",
          await newest(ground),
          "-n",
          ground.room.namespace,
          "--type=merge",
          '--patch={"spec":{"to":"Refused"}}',
        ],
        "a record never changes",
      ),
  },
  {
    name: "the artifact swapped in an update that waits",
    attempt: ({ room, ...rest }) =>
      refused(
        { room, ...rest },
        "mallory",
        [
          "patch",
          "deployments.ashat.raos.io/first",
          "-n",
          room.namespace,
          "--type=merge",
          '--patch={"spec":{"description":"Another one"}}',
        ],
        "an update never changes",
      ),
  },
  {
    name: "the same update made again with approvals in it",
    attempt: async (ground) => {
      const { metadata, ...rest } = await ground.room.update("first");
      const again = {
        ...rest,
        apiVersion: "ashat.raos.io/v1alpha1",
        kind: "Deployment",
        metadata: {
          name: "again",
          namespace: metadata.namespace,
          annotations: { "approve.ashat.raos.io/omega": await ground.token(), "by.ashat.raos.io/approve.omega": "ben" },
        },
      };
      return refused(ground, "mallory", ["create", "-f", "-"], "mallory may not approve on tier omega", {
        stdin: JSON.stringify(again),
      });
    },
  },
  {
    name: "the author changed to somebody else, and ann's own approval with it",
    attempt: async (ground, slot) =>
      refused(
        ground,
        "mallory",
        annotating(
          ground,
          "by.ashat.raos.io/author=mallory",
          `approve.ashat.raos.io/omega.${slot}=${await ground.token()}`,
        ),
        "mallory may not approve on tier omega",
      ),
  },
  {
    name: "a token for the operator's account, by who administers the namespace",
    attempt: (ground) =>
      refused(ground, "nina", ["create", "token", "ashat", "-n", "ashat-system"], "cannot create resource"),
  },
  {
    name: "the operator's role bound by who administers the namespace",
    attempt: (ground) =>
      refused(
        ground,
        "nina",
        [
          "create",
          "rolebinding",
          "operator",
          "--clusterrole=ashat-operator",
          "--user=nina",
          "-n",
          ground.room.namespace,
        ],
        "attempting to grant RBAC permissions not currently held",
      ),
  },
  {
    name: "a policy taken away by who administers the namespace",
    attempt: (ground) =>
      refused(ground, "nina", ["delete", "validatingadmissionpolicy", "ashat-actions"], "cannot delete resource"),
  },
];
