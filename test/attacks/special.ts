import { collection, pathOf, thing, type Thing } from "./objects.ts";
import type { Who } from "./rights.ts";
import type { Users } from "./expected.ts";
import type { Decision } from "./row.ts";
import type { Asked } from "./voice.ts";

/** What a special request is written for: an update of `author`, approved by `approver-omega` where the row says so. */
export interface At {
  readonly namespace: string;
  readonly users: Users;
  readonly update: Thing;
}

export interface Special {
  readonly name: string;
  readonly who: Who;
  readonly approved?: true;
  readonly ask: (at: At) => Asked;
  readonly decision: Decision | "Absent";
  /** What must be said, in the words of the product. */
  readonly says?: string;
  /** Annotations of our group that are changed by it; what is not named stays as it was. */
  readonly after?: (at: At) => Readonly<Record<string, string | null>>;
}

export const MERGE = "application/merge-patch+json";

export const patched = ({ update }: At, body: object): Asked => ({
  method: "PATCH",
  path: pathOf("deployments", update.metadata),
  contentType: MERGE,
  body,
});
export const annotated =
  (annotations: Readonly<Record<string, string | null>>) =>
  (at: At): Asked =>
    patched(at, { metadata: { annotations } });
export const jsonPatched =
  (...body: readonly object[]) =>
  ({ update }: At): Asked => ({
    method: "PATCH",
    path: pathOf("deployments", update.metadata),
    contentType: "application/json-patch+json",
    body,
  });
export const created =
  (annotations: Readonly<Record<string, string>>, metadata: object = {}) =>
  ({ namespace, update }: At): Asked => {
    const draft = thing("deployments", namespace, `${update.metadata.name}-2`, annotations);
    return {
      method: "POST",
      path: collection("deployments", namespace),
      body: { ...draft, metadata: { ...draft.metadata, ...metadata } },
    };
  };
export const replaced =
  (change: (object: Thing) => object) =>
  ({ update }: At): Asked => ({
    method: "PUT",
    path: pathOf("deployments", update.metadata),
    body: change(update),
  });
