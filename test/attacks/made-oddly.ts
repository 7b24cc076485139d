import { collection, pathOf, thing } from "./objects.ts";
import { annotated, type At, created, patched, replaced, type Special } from "./special.ts";
import { APPROVAL, AUTHOR, STAMP, TOKEN } from "./row.ts";

/** Updates made or replaced with what is not theirs to say. */
export const MADE_ODDLY: readonly Special[] = [
  { name: "made approved by its author", who: "author", ask: created({ [APPROVAL]: TOKEN }), decision: "Policy" },
  {
    name: "made with approvals and stamps copied from another update",
    who: "author",
    ask: created({ [APPROVAL]: TOKEN, [STAMP]: "ann", [AUTHOR]: "ann" }),
    decision: "Policy",
  },
  {
    name: "made approved under a name the server chooses",
    who: "author",
    ask: created({ [APPROVAL]: TOKEN }, { name: "", generateName: "u-" }),
    decision: "Policy",
  },
  {
    name: "made under a name the server chooses",
    who: "author",
    ask: created({}, { name: "", generateName: "u-" }),
    decision: "Accepted",
  },
  { name: "made under a name of 53", who: "author", ask: created({}, { name: "u".repeat(53) }), decision: "Invalid" },
  {
    name: "made approved by an apply of what is not there",
    who: "author",
    ask: ({ namespace }) => ({
      method: "PATCH",
      path: `${collection("deployments", namespace)}/applied?fieldManager=a&force=true`,
      contentType: "application/apply-patch+yaml",
      body: thing("deployments", namespace, "applied", { [APPROVAL]: TOKEN }),
    }),
    decision: "Policy",
  },
  {
    name: "made by an apply of who may only patch",
    who: "approver-omega",
    ask: ({ namespace }) => ({
      method: "PATCH",
      path: `${collection("deployments", namespace)}/applied-2?fieldManager=a&force=true`,
      contentType: "application/apply-patch+yaml",
      body: thing("deployments", namespace, "applied-2", { [APPROVAL]: TOKEN }),
    }),
    decision: "NoRight",
  },
  {
    name: "made with a status",
    who: "author",
    ask: ({ namespace, update }) => ({
      method: "POST",
      path: collection("deployments", namespace),
      body: { ...thing("deployments", namespace, `${update.metadata.name}-3`), status: { phase: "Completed" } },
    }),
    decision: "Accepted",
  },
  {
    name: "a status in a request that replaces the update",
    who: "author",
    ask: replaced((object) => ({ ...object, status: { phase: "Completed", message: "forged" } })),
    decision: "Accepted",
  },
  {
    name: "an approval put back from an old copy",
    who: "author",
    ask: replaced((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        annotations: { ...object.metadata.annotations, [APPROVAL]: TOKEN, [STAMP]: "ann" },
      },
    })),
    decision: "Policy",
  },
  {
    name: "replaced under an old version",
    who: "author",
    approved: true,
    ask: replaced((object) => ({ ...object, metadata: { ...object.metadata, resourceVersion: "1" } })),
    decision: "Conflict",
  },
  {
    name: "replaced under another uid",
    who: "author",
    approved: true,
    ask: replaced((object) => ({
      ...object,
      metadata: { ...object.metadata, uid: "3f0f2c50-0000-0000-0000-000000000000" },
    })),
    decision: "Conflict",
  },
  {
    name: "managed fields emptied",
    who: "author",
    approved: true,
    ask: (at) => patched(at, { metadata: { managedFields: [{}] } }),
    decision: "Accepted",
  },
  {
    name: "managed fields that say the stamp is mine",
    who: "author",
    approved: true,
    ask: replaced((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        managedFields: [
          {
            manager: "author",
            operation: "Apply",
            apiVersion: object.apiVersion,
            fieldsType: "FieldsV1",
            fieldsV1: { "f:metadata": { "f:annotations": { [`f:${STAMP}`]: {} } } },
          },
        ],
      },
    })),
    decision: "Accepted",
  },
  {
    name: "a deletion time written by hand",
    who: "author",
    approved: true,
    ask: (at) => patched(at, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
    decision: "Invalid",
  },
  {
    name: "a generation written by hand",
    who: "author",
    approved: true,
    ask: (at) => patched(at, { metadata: { generation: 99 } }),
    decision: "Accepted",
  },
  {
    name: "another kind in the body",
    who: "author",
    ask: replaced((object) => ({ ...object, kind: "Server" })),
    decision: "Accepted",
  },
  {
    name: "a version that is not served",
    who: "approver-omega",
    ask: ({ namespace, update }) => ({
      ...annotated({ [APPROVAL]: TOKEN })({ namespace, update } as At),
      path: pathOf("deployments", update.metadata).replace("v1alpha1", "v1"),
    }),
    decision: "Absent",
  },
  {
    name: "a scale that is not there",
    who: "cluster-admin",
    ask: ({ update }) => ({ method: "GET", path: `${pathOf("deployments", update.metadata)}/scale` }),
    decision: "Absent",
  },
  {
    name: "a tier that is asked for as an object",
    who: "cluster-admin",
    ask: ({ namespace }) => ({
      method: "GET",
      path: `${collection("deployments", namespace).replace("deployments", "tiers")}/omega`,
    }),
    decision: "Absent",
  },
];
