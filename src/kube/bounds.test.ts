import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createClient } from "./client.ts";

const THINGS = { group: "", version: "v1", plural: "things", kind: "Thing", namespaced: true } as const;
const BOUNDS = { maxBytes: 100_000, maxPages: 5 };

/** A client of a server that answers like that. */
const clientOf = async (answer: RequestListener) => {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connection = {
    server: `http://127.0.0.1:${port}`,
    tls: {},
    authorization: () => Promise.resolve(undefined),
    namespace: "shop",
  };
  const client = createClient(connection, { fieldManager: "test", userAgent: "test", bounds: BOUNDS });
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, server };
};

test("a server that answers without end is left, whatever the status says", async () => {
  for (const status of [200, 500]) {
    const { client } = await clientOf((_, response) => {
      response.writeHead(status, { "content-type": "application/json" });
      const more = (): void => {
        if (!response.destroyed) response.write("x".repeat(10_000), more);
      };
      more();
    });
    const asked = client.get(THINGS, { namespace: "shop", name: "a" });
    await expect(asked).rejects.toMatchObject({ status: 0, reason: "ReplyTooLarge" });
  }
});

test("a list that goes on without end is left after so many pages, or when they are too large together", async () => {
  for (const [size, most] of [
    [1, 6],
    [40_000, 3],
  ] as const) {
    let pages = 0;
    const { client } = await clientOf((_, response) => {
      pages += 1;
      const metadata = { resourceVersion: "1", continue: `page-${pages}`, padding: "x".repeat(size) };
      response.end(JSON.stringify({ metadata, items: [] }));
    });
    await expect(client.list(THINGS)).rejects.toMatchObject({ reason: "ReplyTooLarge" });
    expect(pages).toBe(most);
  }
});
