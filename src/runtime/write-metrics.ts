import { Counter } from "@prometheus-io/client";
import type { Client, WriteOptions } from "../kube/client.ts";
import { ApiError } from "../kube/errors.ts";
import type { Resource } from "../kube/types.ts";
import type { Metrics } from "./metrics.ts";

/** `none`: no usable reply, so that nobody knows whether it took effect. */
const codeOf = (error: unknown): string =>
  error instanceof ApiError && error.status !== 0 ? String(error.status) : "none";

/** The same client, whose writes are counted; what it does as somebody else and what it only tries out is not among them. */
export function writeMetrics(metrics: Metrics, prefix: string): (client: Client) => Client {
  const writes = new Counter({
    name: `${prefix}_api_writes_total`,
    help: "Writes to the API server by kind, verb and answer: 2xx, the status of a refusal, or none where no answer came. Dry runs are not counted.",
    labelNames: ["kind", "verb", "code"],
    registers: [metrics],
  });
  const counted = async <T>(
    { kind }: Resource,
    verb: string,
    options: Pick<WriteOptions, "dryRun"> | undefined,
    asked: Promise<T>,
  ): Promise<T> => {
    if (options?.dryRun === true) return asked;
    try {
      const done = await asked;
      writes.inc({ kind, verb, code: "2xx" });
      return done;
    } catch (error) {
      writes.inc({ kind, verb, code: codeOf(error) });
      throw error;
    }
  };
  return (client) => ({
    ...client,
    create: (resource, object, options) =>
      counted(resource, "create", options, client.create(resource, object, options)),
    replace: (resource, object, options) =>
      counted(resource, "update", options, client.replace(resource, object, options)),
    replaceStatus: (resource, of, status, options) =>
      counted(resource, "update-status", options, client.replaceStatus(resource, of, status, options)),
    apply: (resource, object, options) => counted(resource, "apply", options, client.apply(resource, object, options)),
    mergePatch: (resource, at, patch, options) =>
      counted(resource, "patch", options, client.mergePatch(resource, at, patch, options)),
    jsonPatch: (resource, at, patch, options) =>
      counted(resource, "patch", options, client.jsonPatch(resource, at, patch, options)),
    remove: (resource, at, options) => counted(resource, "delete", options, client.remove(resource, at, options)),
  });
}
