import { collection, pathOf, thing } from "./objects.ts";
import { annotated, type At, jsonPatched, patched, type Special } from "./special.ts";
import { APPROVAL, STAMP, TOKEN } from "./row.ts";

const SOMEBODY = "somebody";
const approves = ({ users }: At): Readonly<Record<string, string>> => ({
  [APPROVAL]: TOKEN,
  [STAMP]: users["approver-omega"],
});

/** Requests that say one thing and mean another, and records by ways nobody writes them. */
export const ODD_PATCHES: readonly Special[] = [
  {
    name: "an approval of 300 kB",
    who: "approver-omega",
    ask: annotated({ [APPROVAL]: `${TOKEN} ${"a".repeat(300_000)}` }),
    decision: "Invalid",
  },
  {
    name: "a value that is no text",
    who: "approver-omega",
    ask: (at) => patched(at, { metadata: { annotations: { [APPROVAL]: 1 } } }),
    decision: "Invalid",
  },
  {
    name: "an override without a reason",
    who: "flux",
    ask: annotated({ "override.ashat.raos.io/omega": TOKEN }),
    decision: "Policy",
    says: "override needs a reason",
  },
  {
    name: "two tiers, the right for one",
    who: "approver-omega",
    ask: annotated({ [APPROVAL]: TOKEN, "approve.ashat.raos.io/public": TOKEN }),
    decision: "Policy",
    says: "may not approve on tier public",
  },
  {
    name: "a stamp in the same patch, written twice in a JSON patch",
    who: "approver-omega",
    ask: jsonPatched(
      { op: "add", path: "/metadata/annotations/approve.ashat.raos.io~1omega", value: TOKEN },
      { op: "add", path: "/metadata/annotations/by.ashat.raos.io~1approve.omega", value: SOMEBODY },
      { op: "replace", path: "/metadata/annotations/by.ashat.raos.io~1approve.omega", value: "ann" },
    ),
    decision: "Accepted",
    after: approves,
  },
  {
    name: "somebody else's approval copied from another slot",
    who: "author",
    approved: true,
    ask: jsonPatched({
      op: "copy",
      from: "/metadata/annotations/approve.ashat.raos.io~1omega",
      path: "/metadata/annotations/approve.ashat.raos.io~1omega.2",
    }),
    decision: "Policy",
    says: "author may not approve on tier omega",
  },
  {
    name: "somebody else's approval moved into another slot",
    who: "author",
    approved: true,
    ask: jsonPatched({
      op: "move",
      from: "/metadata/annotations/approve.ashat.raos.io~1omega",
      path: "/metadata/annotations/approve.ashat.raos.io~1omega.2",
    }),
    decision: "Policy",
    says: "author may not approve on tier omega",
  },
  {
    name: "the stamp of an approval moved to another",
    who: "author",
    approved: true,
    ask: jsonPatched({
      op: "move",
      from: "/metadata/annotations/by.ashat.raos.io~1approve.omega",
      path: "/metadata/annotations/by.ashat.raos.io~1approve.public",
    }),
    decision: "Accepted",
  },
  {
    name: "all annotations replaced by one approval",
    who: "author",
    approved: true,
    ask: jsonPatched({
      op: "replace",
      path: "/metadata/annotations",
      value: { [APPROVAL]: TOKEN, "approve.ashat.raos.io/omega.2": TOKEN },
    }),
    decision: "Policy",
  },
  {
    name: "all annotations taken away",
    who: "author",
    approved: true,
    ask: jsonPatched({ op: "remove", path: "/metadata/annotations" }),
    decision: "Accepted",
    after: () => ({ [APPROVAL]: null, [STAMP]: null }),
  },
  {
    name: "all annotations null",
    who: "author",
    approved: true,
    ask: (at) => patched(at, { metadata: { annotations: null } }),
    decision: "Accepted",
    after: () => ({ [APPROVAL]: null, [STAMP]: null }),
  },
  {
    name: "another token under an approval that stands",
    who: "author",
    approved: true,
    ask: annotated({ [APPROVAL]: "fedcba9876543210" }),
    decision: "Policy",
  },
  {
    name: "only the reason under an approval that stands",
    who: "editor",
    approved: true,
    ask: annotated({ [APPROVAL]: `${TOKEN} really` }),
    decision: "Policy",
  },
  {
    name: "only a space after an approval that stands",
    who: "editor",
    approved: true,
    ask: annotated({ [APPROVAL]: `${TOKEN} ` }),
    decision: "Policy",
  },
  {
    name: "an approver overwrites the slot of another",
    who: "flux",
    approved: true,
    ask: annotated({ [APPROVAL]: `${TOKEN} mine` }),
    decision: "Accepted",
    after: ({ users }) => ({ [APPROVAL]: `${TOKEN} mine`, [STAMP]: users.flux }),
  },
  {
    name: "an approver repeats the words of another",
    who: "flux",
    approved: true,
    ask: annotated({ [APPROVAL]: TOKEN }),
    decision: "Accepted",
  },
  {
    name: "the author withdraws and gives again in one request",
    who: "author",
    approved: true,
    ask: jsonPatched(
      { op: "remove", path: "/metadata/annotations/approve.ashat.raos.io~1omega" },
      { op: "add", path: "/metadata/annotations/approve.ashat.raos.io~1omega", value: TOKEN },
    ),
    decision: "Accepted",
  },
  {
    name: "an approval by the operator, as a dry run",
    who: "operator",
    ask: ({ namespace, update }) => ({
      method: "POST",
      path: `${collection("deployments", namespace)}?dryRun=All`,
      body: thing("deployments", namespace, `${update.metadata.name}-4`, { [APPROVAL]: TOKEN }),
    }),
    decision: "Policy",
    says: "may not approve on tier omega",
  },
  {
    name: "a record made under a name the server chooses",
    who: "cluster-admin",
    ask: ({ namespace }) => {
      const record = thing("deploymentrecords", namespace, "an-update");
      return {
        method: "POST",
        path: collection("deploymentrecords", namespace),
        body: { ...record, metadata: { namespace, generateName: "an-update-" } },
      };
    },
    decision: "Policy",
    says: "a record is written by the operator",
  },
  {
    name: "an apply that makes a record",
    who: "cluster-admin",
    ask: ({ namespace }) => {
      const record = thing("deploymentrecords", namespace, "an-update");
      return {
        method: "PATCH",
        path: `${pathOf("deploymentrecords", record.metadata)}?fieldManager=a`,
        contentType: "application/apply-patch+yaml",
        body: record,
      };
    },
    decision: "Policy",
    says: "a record is written by the operator",
  },
  {
    name: "two things at once: an approval under a label",
    who: "approver-omega",
    ask: (at) => patched(at, { metadata: { labels: { a: "b" }, annotations: { [APPROVAL]: TOKEN } } }),
    decision: "Policy",
    says: "may change nothing else of it",
  },
  {
    name: "an approval that takes the note of somebody else away",
    who: "approver-omega",
    ask: annotated({ [APPROVAL]: TOKEN, note: null }),
    decision: "Policy",
    says: "may change nothing else of it",
  },
  {
    name: "an approval and a withdrawal of another's",
    who: "approver-public",
    approved: true,
    ask: annotated({ [APPROVAL]: null, "approve.ashat.raos.io/public": TOKEN }),
    decision: "Accepted",
    after: ({ users }) => ({
      [APPROVAL]: null,
      [STAMP]: null,
      "approve.ashat.raos.io/public": TOKEN,
      "by.ashat.raos.io/approve.public": users["approver-public"],
    }),
  },
  {
    name: "an owner who does not exist, so that the update is collected with them",
    who: "approver-omega",
    ask: (at) =>
      patched(at, {
        metadata: {
          ownerReferences: [
            { apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "3f0f2c50-0000-0000-0000-000000000000" },
          ],
        },
      }),
    decision: "Policy",
    says: "may delete it",
  },
  {
    name: "a finalizer that keeps the update from being deleted",
    who: "approver-omega",
    ask: (at) => patched(at, { metadata: { finalizers: ["example.com/hold"] } }),
    decision: "Policy",
    says: "may delete it",
  },
];
