import { afterEach, expect, test } from "vitest";
import { type Answer, faultyServer, status } from "../../test/unit/kube/faulty-server.ts";
import { createClient } from "../kube/client.ts";
import { provePolicies } from "./gate.ts";

const clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0)) await step();
});

const proven = async (answer: Answer) => {
  const server = await faultyServer(() => answer);
  const client = createClient(server.connection, { fieldManager: "test", userAgent: "test" });
  clean.push(client.close, server.close);
  return provePolicies(client, "prod", { state: "AsWritten", identity: {}, stamps: "ApiServer" });
};

test("a refusal that no API server wrote says nothing of the policies: neither that they are in force nor that they are not", async () => {
  await expect(proven({ status: 403, body: '{"kind":"Status","reas' })).rejects.toMatchObject({ reason: "Unknown" });
  await expect(proven({ status: 403, body: "<html>Forbidden by the proxy</html>" })).rejects.toMatchObject({
    reason: "Unknown",
  });
});

test("a refusal of the API server that is not that of the policies says that they are not enforced", async () => {
  const other = { status: 403, body: status(403, "Forbidden", "a quota is used up") };
  expect(await proven(other)).toMatchObject({ state: "NotInForce", reason: "NotEnforced" });
});
