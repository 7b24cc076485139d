import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckDocument } from "../api/check-run.ts";
import { runCheck } from "./run.ts";
import { deadPort, hurried, never, subject } from "../../test/checks/scene.ts";

const PASSWORD = "s3cret/p@ss";
const WRITTEN = encodeURIComponent(PASSWORD);

const check = async (databaseUrl: string, part: Readonly<Record<string, unknown>> = {}): Promise<CheckDocument> => {
  const checked = subject(
    "https://unused.example",
    { database: { secretRef: { name: "ra-db" }, ...part } },
    { databaseUrl },
  );
  const document = await runCheck("Database Connection", checked, never, hurried);
  expect(JSON.stringify(document)).not.toContain(PASSWORD);
  expect(JSON.stringify(document)).not.toContain(WRITTEN);
  return document;
};

describe("a database", () => {
  let db: PGlite;
  let server: PGLiteSocketServer;
  let url: string;
  beforeAll(async () => {
    db = await PGlite.create();
    await db.exec("CREATE TABLE items (id int); INSERT INTO items VALUES (1), (2), (3)");
    const port = await deadPort();
    server = new PGLiteSocketServer({ db, port, host: "127.0.0.1", maxConnections: 5 });
    await server.start();
    url = `postgres://postgres:${WRITTEN}@127.0.0.1:${port}/postgres?sslmode=disable`;
  });
  afterAll(async () => {
    await server.stop();
    await db.close();
  });

  it("that answers the query passes, with rows and times", async () => {
    const document = await check(url, { query: "SELECT id FROM items" });
    expect(document.message).toMatch(
      /^The query on database 127\.0\.0\.1:\d+\/postgres returned 3 rows in [\d.]+ ms\.$/,
    );
    expect(document).toMatchObject({ verdict: "Passed", measurements: { rows: 3, encrypted: "no" } });
  });

  it("answers SELECT 1 where nothing else is configured", async () => {
    expect((await check(url)).verdict).toBe("Passed");
  });

  it("without the table that is queried has failed, in its own words", async () => {
    expect(await check(url, { query: "SELECT * FROM orders" })).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/relation "orders" does not exist" \(SQLSTATE 42P01\)/),
    });
  });

  it.each([
    ["INSERT INTO items VALUES (4)", /read-only transaction/],
    ["DROP TABLE items", /read-only transaction/],
    ["COMMIT; DROP TABLE items", /multiple commands/],
  ])("is not changed by %s", async (query, sentence) => {
    expect(await check(url, { query })).toMatchObject({ verdict: "Failed", message: expect.stringMatching(sentence) });
    expect((await check(url, { query: "SELECT id FROM items" })).measurements["rows"]).toBe(3);
  });

  it("that offers no TLS has failed where the URL demands it", async () => {
    expect(await check(url.replace("disable", "require"))).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/offers no TLS, which the URL demands/),
    });
  });

  it("that needs longer than allowed has failed", async () => {
    expect(
      await check(url, { query: "SELECT count(*) FROM generate_series(1, 3000000)", maxLatencyMs: 1 }),
    ).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/more than 1 ms|does not answer the query in time/),
    });
  });
});
