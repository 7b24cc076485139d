import { Registry } from "@prometheus-io/client";
import { expect, test } from "vitest";
import type { DeploymentStatus } from "../api/deployment.ts";
import type { Notification } from "../api/notification.ts";
import { createQueue } from "../runtime/queue.ts";
import { createStore } from "../runtime/store.ts";
import type { Raw, RawRecord } from "./kinds.ts";
import { createNotifications } from "./notifications.ts";
import type { Stores } from "./stores.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const clock = { now: () => performance.now(), random: () => 1 };
const waiting = (namespace: string, n: number): Raw => ({
  apiVersion: "ashat.raos.io/v1alpha1",
  kind: "Deployment",
  metadata: { namespace, name: `u${n}`, uid: `${namespace}-${n}`, resourceVersion: "1" },
  spec: { app: "default", version: "9.4.2" },
  status: {
    phase: "AwaitingApproval",
    tier: "omega",
    message: "omega waits",
    blockedBy: [
      { gate: "approvals", message: "omega waits", who: "ann", token: "1".repeat(16), since: "2026-01-01T00:00:00Z" },
    ],
  } satisfies DeploymentStatus,
});

/** A leader that begins where these updates are, and a receiver that takes nothing before it is opened. */
const stage = (updates: readonly Raw[], until: number) => {
  const deployments = createStore<Raw, "namespace">({ namespace: ({ metadata }) => [metadata.namespace ?? ""] });
  const records = createStore<RawRecord, "update">({ update: ({ spec }) => [spec.deployment.uid] });
  for (const update of updates) deployments.put(update);
  const open = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  const told: string[] = [];
  const errors: object[] = [];
  const notifications = createNotifications({
    receiver: {
      send: async ({ body }) => {
        await open.promise;
        const { subject, data } = JSON.parse(body) as Pick<Notification, "subject" | "data">;
        told.push(`${subject}: ${data.message}`);
        if (told.length === until) all.resolve();
        return { state: "Taken" };
      },
    },
    source: "urn:test",
    queue: createQueue(clock),
    clock,
    now: Date.now,
    metrics: new Registry(),
    log: { ...silent, error: (fields) => void errors.push(fields) },
  });
  const stop = new AbortController();
  const running = notifications.run(stop.signal);
  // Of the informers only what they keep is asked for.
  notifications.resume({ deployments: { store: deployments }, records: { store: records } } as unknown as Pick<
    Stores,
    "deployments" | "records"
  >);
  return {
    notifications,
    untilTold: async (): Promise<{ readonly told: readonly string[]; readonly errors: readonly object[] }> => {
      open.resolve();
      await all.promise;
      stop.abort();
      await running;
      return { told, errors };
    },
  };
};

test("whoever begins to lead where thousands wait tells all of them, and of every namespace among the first", async () => {
  const flood = Array.from({ length: 3_000 }, (_, n) => waiting("flood", n));
  const { told, errors } = await stage([...flood, waiting("calm", 1)], 3_001).untilTold();
  expect(errors).toEqual([]);
  expect(new Set(told).size).toBe(3_001);
  expect(told.indexOf("calm/u1: omega waits")).toBeLessThan(10);
});

test("what is said of an update that was not told again yet comes after what was last said of it", async () => {
  const updates = Array.from({ length: 2_000 }, (_, n) => waiting("raos", n));
  const { notifications, untilTold } = stage(updates, 2_001);
  const last = waiting("raos", 1_999);
  const status = last.status as DeploymentStatus;
  const blockedBy = status.blockedBy?.map((gate) => ({ ...gate, token: "2".repeat(16) })) ?? [];
  notifications.saying(last, { ...status, message: "omega waits anew", blockedBy }, []);
  const { told, errors } = await untilTold();
  expect(errors).toEqual([]);
  expect(told.filter((one) => one.startsWith("raos/u1999:"))).toEqual([
    "raos/u1999: omega waits",
    "raos/u1999: omega waits anew",
  ]);
  expect(told.indexOf("raos/u1999: omega waits")).toBeLessThan(1_000);
});
