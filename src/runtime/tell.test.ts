import { expect, test } from "vitest";
import { ApiError } from "../kube/errors.ts";
import { cut, eventName } from "./events.ts";
import { serveHealth } from "./health.ts";
import { createLog } from "./log.ts";
import { microtime } from "./microtime.ts";

const about = (name: string, uid = "u1") => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, uid, resourceVersion: "1" },
});

test("a long note is cut at a character, within the bytes allowed", () => {
  expect(cut("short", 1024)).toBe("short");
  const text = `${"x".repeat(1019)}€€€`;
  for (let bytes = 8; bytes <= 1028; bytes += 1) {
    const short = cut(text, bytes);
    expect(Buffer.byteLength(short)).toBeLessThanOrEqual(bytes);
    expect(short).not.toContain("\ufffd");
  }
  expect(cut(text, 1028)).toBe(text);
});

test("the same telling has the same name; another object, reason or content has another", () => {
  const name = (uid: string, reason: string, ...content: string[]) =>
    eventName({ about: about("a", uid), reason, content });
  const names = [
    name("u1", "R", "x"),
    name("u2", "R", "x"),
    name("u1", "S", "x"),
    name("u1", "R", "x", ""),
    name("u1", "R", "y"),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(name("u1", "R", "x")).toBe(name("u1", "R", "x"));
  const long = eventName({ about: about(`${"a".repeat(199)}.b`), reason: "R", content: [] });
  expect(long).toMatch(/^a{199}\.[0-9a-f]{16}$/);
});

test("times have six fractional digits", () => {
  expect(microtime(new Date("2026-01-02T03:04:05.678Z"))).toBe("2026-01-02T03:04:05.678000Z");
});

test("a log line is JSON with its level in words; what is named like a secret is not in it, at any depth", () => {
  const written: string[] = [];
  const log = createLog("info", {
    write: (line) => {
      written.push(line);
    },
  });
  log.debug({}, "not this");
  log.warn(
    {
      headers: { Authorization: "canary" },
      list: [{ password: "canary", deep: { accessToken: "canary" } }],
      token: "canary",
      kept: 1,
    },
    "Something.",
  );
  log.error({ err: new ApiError({ status: 0, reason: "Unreachable", message: "no reply" }) }, "Failed.");
  expect(written.length).toBe(2);
  expect(JSON.parse(written[0] ?? "")).toMatchObject({
    level: "warn",
    msg: "Something.",
    kept: 1,
    headers: { Authorization: "[redacted]" },
  });
  expect(written.join("")).not.toContain("canary");
  expect(JSON.parse(written[1] ?? "")).toMatchObject({ err: { message: "no reply", reason: "Unreachable" } });
});

test("health pages name what is wrong, and a check that throws is wrong too", async () => {
  let wrong: string | undefined;
  const server = await serveHealth({
    port: 0,
    host: "127.0.0.1",
    healthy: { loop: () => undefined },
    ready: {
      stores: () => wrong,
      other: () => {
        if (wrong !== undefined) throw new Error("broken");
        return undefined;
      },
    },
  });
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, await response.text()];
  };
  expect(await ask("/healthz")).toEqual([200, "[+] loop\nok\n"]);
  expect((await ask("/readyz"))[0]).toBe(200);
  wrong = "two stores are not filled yet";
  expect(await ask("/readyz?verbose")).toEqual([
    503,
    "[-] stores: two stores are not filled yet\n[-] other: the check itself failed: Error: broken\nnot ok\n",
  ]);
  expect((await ask("/elsewhere"))[0]).toBe(404);
  await server.close();
});
