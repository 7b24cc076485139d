import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Registry } from "@prometheus-io/client";
import { expect, test } from "vitest";
import { createClient } from "../kube/client.ts";
import { LEASES } from "./lease.ts";
import { writeMetrics } from "./write-metrics.ts";

/** An API server that answers every request with the status its object's name asks for; `cut` is hung up on. */
const open = async () => {
  const server = createServer((request, response) => {
    const name = (request.url ?? "").split("?")[0]?.split("/").at(-1) ?? "";
    if (name === "cut") request.socket.destroy();
    else
      response
        .writeHead(Number(name) || 201, { "content-type": "application/json" })
        .end(JSON.stringify({ metadata: { name }, kind: "Status" }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = createClient(
    {
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      tls: {},
      authorization: () => Promise.resolve(undefined),
      namespace: "n",
    },
    { fieldManager: "test", userAgent: "test" },
  );
  return {
    client,
    close: async () => {
      await client.close();
      server.closeAllConnections();
      server.close();
    },
  };
};

const at = (name: string) => ({ namespace: "n", name });

test("writes are counted by kind, verb and answer; dry runs, reads, and what is done as somebody else are not", async () => {
  const { client, close } = await open();
  const metrics = new Registry();
  const counted = writeMetrics(metrics, "x")(client);
  await counted.create(LEASES, { metadata: at("new") });
  await counted.create(LEASES, { metadata: at("new") }, { dryRun: true });
  await counted.as("mallory").mergePatch(LEASES, at("200"), {});
  await counted.get(LEASES, at("200"));
  await counted.mergePatch(LEASES, at("200"), {});
  await expect(counted.mergePatch(LEASES, at("409"), {})).rejects.toThrow("409");
  await expect(counted.remove(LEASES, at("403"))).rejects.toThrow("403");
  await expect(counted.replace(LEASES, { metadata: { ...at("cut"), uid: "u", resourceVersion: "1" } })).rejects.toThrow(
    "unknown",
  );
  expect((await metrics.metrics()).split("\n").filter((line) => line.startsWith("x_"))).toEqual([
    'x_api_writes_total{kind="Lease",verb="create",code="2xx"} 1',
    'x_api_writes_total{kind="Lease",verb="patch",code="2xx"} 1',
    'x_api_writes_total{kind="Lease",verb="patch",code="409"} 1',
    'x_api_writes_total{kind="Lease",verb="delete",code="403"} 1',
    'x_api_writes_total{kind="Lease",verb="update",code="none"} 1',
  ]);
  await close();
});
