import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { Agent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { releaseArchive } from "../../examples/raos/release.ts";
import { ARCHIVE_LIMITS, NotRead, notReached, readArchive } from "./archive.ts";

const files = new Map<string, Buffer>();
let server: Server;
let base: string;
const dispatcher = new Agent();

const tarOf = async (entries: Readonly<Record<string, string | Buffer>>): Promise<Buffer> => {
  const tar = pack();
  for (const [name, content] of Object.entries(entries)) tar.entry({ name }, content);
  tar.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of tar) parts.push(part as Uint8Array);
  return gzipSync(Buffer.concat(parts));
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    const file = files.get(name);
    if (name === "moved") response.writeHead(302, { location: "/good" }).end();
    else if (name === "cut")
      response.writeHead(200, { "content-length": 1000 }).write("x", () => void response.destroy());
    else if (file === undefined) response.writeHead(404).end("no");
    else response.writeHead(200).end(file);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await dispatcher.close();
  server.close();
});

const read = (name: string, limits = ARCHIVE_LIMITS) =>
  readArchive(dispatcher, `${base}/${name}`, new AbortController().signal, limits);

test("a release says its digest, its app and its version", async () => {
  const bytes = await releaseArchive({ dir: "", version: "9.4.2" });
  files.set("good", bytes);
  expect(await read("good")).toMatchObject({
    sha256: createHash("sha256").update(bytes).digest("hex"),
    bytes: bytes.length,
    manifest: { app: "default", version: "9.4.2", layer: "main" },
  });
});

test("the manifest is found behind big files, and the digest is of the whole", async () => {
  const big = Buffer.alloc(3_000_000, "ab c");
  const manifest = JSON.stringify({ app: "default", version: "1.0.0", layer: "main", modules: [] });
  const bytes = await tarOf({ "a.bin": big, "./ashat.json": manifest, "z.bin": big });
  files.set("big", bytes);
  expect(await read("big")).toMatchObject({
    sha256: createHash("sha256").update(bytes).digest("hex"),
    manifest: { version: "1.0.0" },
  });
});

test.each([
  ["a file that is no archive", () => Buffer.from("hello"), "it is not a gzip tar"],
  ["an empty file", () => Buffer.alloc(0), "it is not a gzip tar"],
  ["a tar without a manifest", () => tarOf({ "x/ashat.json": "{}" }), "it has no ashat.json at its root"],
  ["a manifest that is no JSON", () => tarOf({ "ashat.json": "{" }), "its ashat.json is not JSON"],
  [
    "a manifest without a version",
    () => tarOf({ "ashat.json": '{"app":"a"}' }),
    "its ashat.json is not as it should be: version",
  ],
])("%s is refused", async (name, make, why) => {
  files.set("bad", await make());
  await expect(read("bad"), name).rejects.toThrow(`is no release: ${why}`);
});

test("a bomb, a file that is too long, a redirect, a cut and a missing file are named", async () => {
  files.set("bomb", await tarOf({ a: Buffer.alloc(1_000_000), "ashat.json": "{}" }));
  await expect(read("bomb", { ...ARCHIVE_LIMITS, maxUnpacked: 100_000 })).rejects.toThrow("unpacks to more than");
  await expect(read("bomb", { ...ARCHIVE_LIMITS, maxBytes: 100 })).rejects.toThrow("more than 100 bytes");
  await expect(read("moved")).rejects.toThrow("redirects are not followed");
  await expect(read("cut")).rejects.toThrow("broke off");
  await expect(read("cut"), "the agents may have more luck").rejects.toBeInstanceOf(NotRead);
  await expect(read("none")).rejects.toThrow(/There is no archive at .* [(]HTTP 404[)]: name where it is/);
  await expect(readArchive(dispatcher, "http://127.0.0.1:1/x", new AbortController().signal)).rejects.toThrow(
    "cannot be reached",
  );
});

test("a host that an unknown CA vouches for is said so, with the option that names the CA", () => {
  const untrusted = Object.assign(new Error("try running Node.js with --use-system-ca"), {
    code: "SELF_SIGNED_CERT_IN_CHAIN",
  });
  const { message } = notReached("https://alpha.example:8443/ra.tgz", untrusted);
  expect(message).toContain("certificate of alpha.example:8443 (SELF_SIGNED_CERT_IN_CHAIN)");
  expect(message).toContain("--archive-ca <file>");
  expect(message).not.toContain("Node.js");
  expect(notReached("https://a/x", new Error("timeout")).message).toContain("cannot be reached: timeout");
});
