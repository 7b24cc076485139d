import type { Client } from "../kube/client.ts";

/** Something was to be written and this process may not be leader any more: the other one does it. */
export class NotLeader extends Error {
  override readonly name = "NotLeader";
}

/**
 * The same client, which writes only while this process is sure to lead. One that was paused in the middle of its work goes on where it
 * stood, and what it read and decided is old by then. Reads and dry runs pass: they change nothing.
 */
export function fenced(client: Client, isLeader: () => boolean): Client {
  const leading = async <T>(write: () => Promise<T>, passes = false): Promise<T> => {
    if (!passes && !isLeader())
      throw new NotLeader("the leadership is not certain any more: nothing is written before it is");
    return write();
  };
  return {
    ...client,
    create: (resource, object, options) =>
      leading(() => client.create(resource, object, options), options?.dryRun === true),
    replace: (resource, object, options) =>
      leading(() => client.replace(resource, object, options), options?.dryRun === true),
    replaceStatus: (resource, of, status, options) =>
      leading(() => client.replaceStatus(resource, of, status, options), options?.dryRun === true),
    apply: (resource, object, options) =>
      leading(() => client.apply(resource, object, options), options?.dryRun === true),
    mergePatch: (resource, at, patch, options) =>
      leading(() => client.mergePatch(resource, at, patch, options), options?.dryRun === true),
    jsonPatch: (resource, at, patch, options) =>
      leading(() => client.jsonPatch(resource, at, patch, options), options?.dryRun === true),
    remove: (resource, at, options) => leading(() => client.remove(resource, at, options), options?.dryRun === true),
    as: (user, groups) => fenced(client.as(user, groups), isLeader),
  };
}
