import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { startPostgres } from "../../test/checks/postgres.ts";
import { hurried, identity, never, subject } from "../../test/checks/scene.ts";
import type { CheckDocument } from "../api/check-run.ts";
import { runCheck } from "./run.ts";

const PASSWORD = "s3cret/p@ss";

describe("a Postgres with TLS and passwords", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let folder: string;
  let ca: string;
  beforeAll(async () => {
    const who = await identity();
    folder = await mkdtemp(join(tmpdir(), "ashat-check-"));
    ca = join(folder, "ca.pem");
    await writeFile(ca, who.ca);
    server = await startPostgres(who, PASSWORD);
  });
  afterAll(async () => {
    if ("stop" in server) await server.stop();
    await rm(folder, { recursive: true });
  });

  const check = async (
    test: TestContext,
    {
      password = PASSWORD,
      name = "postgres",
      query = "",
      part = {},
    }: {
      readonly password?: string;
      readonly name?: string;
      readonly query?: string;
      readonly part?: Readonly<Record<string, unknown>>;
    },
  ): Promise<CheckDocument> => {
    if ("missing" in server) return test.skip(server.missing);
    const databaseUrl = `postgres://ra:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${name}${query}`;
    const document = await runCheck(
      "Database Connection",
      subject("https://unused.example", { database: { secretRef: { name: "ra-db" }, ...part } }, { databaseUrl }),
      never,
      hurried,
    );
    expect(JSON.stringify(document)).not.toContain(password);
    expect(JSON.stringify(document)).not.toContain(encodeURIComponent(password));
    return document;
  };

  it("passes, encrypted, when its certificate is of the CA named in the URL", async (test) => {
    expect(await check(test, { query: `?sslmode=verify-full&sslrootcert=${ca}` })).toMatchObject({
      verdict: "Passed",
      measurements: { encrypted: "yes" },
    });
  });

  it("has failed with a certificate of a CA nobody knows", async (test) => {
    expect(await check(test, { query: "?sslmode=verify-full" })).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/is not the trusted one/),
    });
  });

  it("has failed with the wrong password, which nobody gets to see", async (test) => {
    expect(await check(test, { password: "wr0ng/pass" })).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/password authentication failed for user "ra"" \(SQLSTATE 28P01\)/),
    });
  });

  it("has failed without the database", async (test) => {
    expect(await check(test, { name: "orders" })).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/SQLSTATE 3D000/),
    });
  });

  it("has failed when it does not answer the query in time", async (test) => {
    expect(await check(test, { part: { query: "SELECT pg_sleep(60)", maxLatencyMs: 100 } })).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/does not answer the query in time/),
    });
  });
});
