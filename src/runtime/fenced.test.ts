import { afterEach, expect, test } from "vitest";
import { faultyServer } from "../../test/unit/kube/faulty-server.ts";
import { createClient } from "../kube/client.ts";
import type { Resource } from "../kube/types.ts";
import { fenced } from "./fenced.ts";

const THINGS: Resource = { group: "example.com", version: "v1", plural: "things", kind: "Thing", namespaced: true };
const AT = { namespace: "default", name: "a" };
const IDENTITY = { metadata: { ...AT, uid: "uid-a", resourceVersion: "1" } };
const clean: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const step of clean.splice(0)) await step();
});

test("a process that does not lead any more writes nothing, whatever it was about to write; it may read and try", async () => {
  const server = await faultyServer(() => ({ body: IDENTITY }));
  const client = createClient(server.connection, { fieldManager: "test", userAgent: "test" });
  clean.push(client.close, server.close);
  let leads = true;
  const mine = fenced(client, () => leads);
  const writes = () => [
    mine.create(THINGS, { metadata: AT }),
    mine.replace(THINGS, IDENTITY),
    mine.replaceStatus(THINGS, IDENTITY, {}),
    mine.apply(THINGS, { metadata: AT }),
    mine.mergePatch(THINGS, AT, {}),
    mine.jsonPatch(THINGS, AT, []),
    mine.remove(THINGS, AT),
    mine.as("ann").create(THINGS, { metadata: AT }),
  ];
  await Promise.all(writes());
  expect(server.seen.length).toBe(8);
  leads = false;
  for (const write of await Promise.allSettled(writes()))
    expect(write).toMatchObject({ status: "rejected", reason: { name: "NotLeader" } });
  expect(server.seen.length).toBe(8);
  await mine.get(THINGS, AT);
  await mine.create(THINGS, { metadata: AT }, { dryRun: true });
  expect(server.seen.length).toBe(10);
});
