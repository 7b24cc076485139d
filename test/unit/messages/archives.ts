import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { readArchiveFrom } from "../../../src/delivery/kubernetes/archive.ts";
import { ANY_ADDRESS } from "../../../src/dial/address-rules.ts";
import { createCa, issue } from "../../cluster/pki.ts";
import { toldOf } from "./clusters.ts";
import { onStage } from "./stage.ts";
import type { Told } from "./told.ts";

/** What is said of archives that a cluster is to get. */

const never = new AbortController().signal;
const RELEASE = {
  schema: "ashat.raos.io/release/v1",
  app: "shop",
  layer: "main",
  modules: [{ name: "core", version: "1.0.0" }],
};
type Entry = { readonly name: string; readonly type?: "file" | "symlink"; readonly body?: string };

/** So that what is too large is not large. */
const SMALL = { packed: 64_000, unpacked: 256_000, entries: 50, manifests: 8_000 };

const packed = async (entries: readonly Entry[]): Promise<Buffer> => {
  const tar = pack();
  for (const { name, type = "file", body = "" } of entries)
    tar.entry({ name, type, ...(type === "symlink" && { linkname: "x" }) }, type === "file" ? body : "");
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar as AsyncIterable<Buffer>) parts.push(part);
  return gzipSync(Buffer.concat(parts), { level: 1 });
};

const fetching = async (status: number, body: Buffer, sha256: string): Promise<readonly Told[]> => {
  const ca = await createCa("messages");
  const { certPem: cert, keyPem: key } = await issue(ca, { commonName: "archives", ips: ["127.0.0.1"] });
  const server = createServer({ cert, key }, (_, response) => response.writeHead(status).end(body));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const read = readArchiveFrom(ANY_ADDRESS, { ca: ca.certPem }, SMALL);
    await read({ url: `https://127.0.0.1:${port}/a.tgz`, sha256 }, "", never);
    return [];
  } catch (error) {
    return [toldOf(error)];
  } finally {
    server.closeAllConnections();
    server.close();
  }
};
const archives = async (...all: readonly (readonly Entry[] | Buffer)[]): Promise<readonly Told[]> => {
  const said: Told[] = [];
  for (const one of all) {
    const bytes = Buffer.isBuffer(one) ? one : await packed(one);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    said.push(...(await fetching(200, bytes, sha256)));
  }
  return said;
};

/** An archive with this in its ashat.json; without one where it is undefined. */
const archived = (text: string | undefined): Promise<readonly Told[]> =>
  onStage(async ({ deliver }) => [
    await deliver(text ?? "", {
      action: { do: "deliver", artifact: { archive: { url: "https://x.example/a.tgz", sha256: "a".repeat(64) } } },
    }),
  ]);

export const ARCHIVES: Readonly<Record<string, () => Promise<readonly Told[]>>> = {
  "an archive that says something else": async () => [
    ...(await archived("nonsense")),
    ...(await archived("{}")),
    ...(await archived(JSON.stringify({ ...RELEASE, version: "9.9.9" }))),
  ],
  "an archive without ashat.json": () => archived(undefined),
  "an archive that is not there": async () => [
    ...(await readArchiveFrom(ANY_ADDRESS)({ url: "https://127.0.0.1:1/a.tgz", sha256: "a" }, "", never).then(
      () => [],
      (error: unknown) => [toldOf(error)],
    )),
    ...(await fetching(503, Buffer.alloc(0), "a")),
    ...(await fetching(404, Buffer.alloc(0), "a")),
    ...(await fetching(302, Buffer.alloc(0), "a")),
  ],
  "an archive of another digest": () => fetching(200, Buffer.from("x"), "a".repeat(64)),
  "an archive that is too large": async () => [
    ...(await fetching(200, Buffer.alloc(SMALL.packed + 1), "a")),
    ...(await archives(Array.from({ length: SMALL.entries + 1 }, (_, at) => ({ name: `${at}` })))),
    ...(await archives([{ name: "a.yaml", body: "x".repeat(SMALL.manifests + 1) }])),
    ...(await archives(gzipSync(Buffer.alloc(SMALL.unpacked + 1), { level: 1 }))),
  ],
  "an archive that cannot be read": () =>
    archives(
      Buffer.from("x"),
      [{ name: "../a.yaml" }],
      [{ name: "a.yaml", type: "symlink" }],
      [{ name: "a.yaml" }, { name: "a.yaml" }],
    ),
};
