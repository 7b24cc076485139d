import { expect, test } from "vitest";
import type { KubeObject } from "../kube/types.ts";
import { latestStamp } from "./latest-stamp.ts";

const made = (name: string, creationTimestamp?: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, uid: name, resourceVersion: "1", ...(creationTimestamp !== undefined && { creationTimestamp }) },
});

const watched = (...objects: readonly KubeObject[]) => {
  const subscribers: ((key: string, object: KubeObject | undefined) => void)[] = [];
  return {
    store: { all: () => objects },
    subscribe: (subscriber: (key: string, object: KubeObject | undefined) => void) => subscribers.push(subscriber),
    tell: (object: KubeObject | undefined): void => {
      for (const subscriber of subscribers) subscriber("key", object);
    },
  };
};

test("the latest stamp is that of what was there and of what came, and it never goes back", () => {
  const records = watched(made("a", "2026-06-01T12:00:00Z"), made("b", "2026-05-01T12:00:00Z"));
  const jobs = watched();
  const latest = latestStamp([records, jobs]);
  expect(latest()).toBe(Date.parse("2026-06-01T12:00:00Z"));
  jobs.tell(made("c", "2026-06-01T12:00:05Z"));
  jobs.tell(made("d", "2026-01-01T00:00:00Z"));
  jobs.tell(made("e"));
  jobs.tell(undefined);
  expect(latest()).toBe(Date.parse("2026-06-01T12:00:05Z"));
});

test("where nothing is there, nothing is known", () => {
  expect(latestStamp([watched()])()).toBe(0);
});
