import { createHash } from "node:crypto";
import type { Client } from "../kube/client.ts";
import { alreadyExists } from "../kube/errors.ts";
import type { KubeObject, Resource } from "../kube/types.ts";
import type { Log } from "./log.ts";
import { microtime } from "./microtime.ts";

export const EVENTS: Resource = {
  group: "events.k8s.io",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};

export type Telling = {
  readonly about: KubeObject;
  readonly type: "Normal" | "Warning";
  /** CamelCase: why. */
  readonly reason: string;
  /** CamelCase: what was done or tried. */
  readonly action: string;
  /** One sentence for people. */
  readonly note: string;
  /** What makes this event another one than those before: the same content is told once, also after a crash. */
  readonly content: readonly string[];
};

const NOTE_BYTES = 1024;

/** Cuts at a character, not inside one. */
export const cut = (text: string, bytes: number): string => {
  const encoded = Buffer.from(text, "utf8");
  if (encoded.length <= bytes) return text;
  let end = bytes - 3;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${encoded.subarray(0, end).toString("utf8")}...`;
};

export const eventName = (telling: Pick<Telling, "about" | "reason" | "content">): string => {
  const { name, uid } = telling.about.metadata;
  const hash = createHash("sha256")
    .update(JSON.stringify([uid, telling.reason, ...telling.content]))
    .digest("hex")
    .slice(0, 16);
  return `${name.slice(0, 200).replace(/[.-]+$/, "")}.${hash}`;
};

/**
 * Writes events for people. They are gone in an hour and may be missing, so that a failure is logged and nothing waits for it:
 * the answer is whether the event was new.
 */
export const createEvents = (options: {
  readonly client: Client;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly log: Log;
  readonly wall?: () => Date;
}): ((telling: Telling, signal?: AbortSignal) => Promise<boolean>) => {
  const wall = options.wall ?? (() => new Date());
  return async (telling, signal) => {
    const { apiVersion, kind, metadata } = telling.about;
    const { name, namespace = "default", uid, resourceVersion } = metadata;
    try {
      await options.client.create(
        EVENTS,
        {
          metadata: { name: eventName(telling), namespace },
          eventTime: microtime(wall()),
          reportingController: options.reportingController,
          reportingInstance: options.reportingInstance.slice(0, 128),
          regarding: {
            apiVersion,
            kind,
            name,
            uid,
            resourceVersion,
            ...(metadata.namespace === undefined ? {} : { namespace }),
          },
          type: telling.type,
          reason: telling.reason,
          action: telling.action,
          note: cut(telling.note, NOTE_BYTES),
        },
        { signal },
      );
      return true;
    } catch (error) {
      if (!alreadyExists(error))
        options.log.warn(
          { err: error, kind, key: `${namespace}/${name}`, reason: telling.reason },
          "An event could not be written.",
        );
      return false;
    }
  };
};
