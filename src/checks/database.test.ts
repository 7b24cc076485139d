import { describe, expect, it } from "vitest";
import { deadPort, hurried, never, rawServer, subject } from "../../test/checks/scene.ts";
import type { CheckDocument } from "../api/check-run.ts";
import { runCheck } from "./run.ts";

const PASSWORD = "s3cret/p@ss";
const WRITTEN = encodeURIComponent(PASSWORD);

const check = async (
  databaseUrl: string | undefined,
  part: Readonly<Record<string, unknown>> = {},
  signal = never,
): Promise<CheckDocument> => {
  const checked = subject(
    "https://unused.example",
    { database: { secretRef: { name: "ra-db" }, ...part } },
    databaseUrl === undefined ? {} : { databaseUrl },
  );
  const document = await runCheck("Database Connection", checked, signal, hurried);
  expect(JSON.stringify(document)).not.toContain(PASSWORD);
  expect(JSON.stringify(document)).not.toContain(WRITTEN);
  return document;
};

describe("a database that is not there", () => {
  it("at a port nobody serves has failed", async () => {
    expect(await check(`postgres://ra:${WRITTEN}@127.0.0.1:${await deadPort()}/ra`)).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/^database 127\.0\.0\.1:\d+\/ra refuses the connection/),
    });
  });

  it("behind a name nobody knows is not judged", async () => {
    expect(await check(`postgres://ra:${WRITTEN}@no-such-host.invalid/ra`)).toMatchObject({
      verdict: "Inconclusive",
      asserted: [],
    });
  });

  it("that hangs up during the greeting has failed", async () => {
    const port = await rawServer((socket) => socket.once("data", () => socket.end()));
    expect(await check(`postgres://ra:${WRITTEN}@127.0.0.1:${port}/ra`)).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/closed the connection/),
    });
  });

  it("that never greets is left as soon as the check is stopped, and not judged", async () => {
    const stop = new AbortController();
    const port = await rawServer((socket) => socket.once("data", () => stop.abort()));
    expect(await check(`postgres://ra:${WRITTEN}@127.0.0.1:${port}/ra`, {}, stop.signal)).toMatchObject({
      verdict: "Inconclusive",
      message: expect.stringContaining("stopped"),
    });
  });

  it.each([
    ["missing", undefined, /There is no database URL: key "url" of Secret "ra-db" is missing or empty\./],
    ["empty", " \n", /missing or empty/],
    ["of another database", `mysql://ra:${WRITTEN}@db/ra`, /holds no URL of the form postgres:/],
    ["no URL", `ra:${PASSWORD} db`, /holds no URL of the form postgres:/],
  ])("because its URL is %s is not judged", async (_, text, sentence) => {
    expect(await check(text)).toMatchObject({ verdict: "Inconclusive", message: expect.stringMatching(sentence) });
  });
});
