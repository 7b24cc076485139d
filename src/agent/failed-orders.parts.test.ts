import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { archive, manifestEntry, rawTar } from "../../test/targets/archives.ts";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, type Target } from "../../test/targets/target.ts";
import type { DeliverClaims } from "../api/order.ts";

const { here, start, lay, release, sign, send, carryOut, status, ask, releases } = openBench();

describe("an order that cannot be carried out ends in Failed, and what ran goes on running", () => {
  const wrong = "0".repeat(64);
  const situations: readonly (readonly [
    string,
    () => Promise<Pick<DeliverClaims, "version" | "url" | "sha256">>,
    string,
    RegExp,
  ])[] = [
    [
      "another digest than ordered",
      async () => ({ ...(await release("6.0.1")), sha256: wrong }),
      "DigestMismatch",
      /Nothing of it was unpacked/,
    ],
    [
      "a hostile archive",
      () => Promise.resolve(lay("evil.tgz", archive("6.0.1", [{ name: "../x" }]), "6.0.1")),
      "ArchiveRefused",
      /leaves the folder/,
    ],
    [
      "no manifest",
      () => Promise.resolve(lay("bare.tgz", gzipSync(rawTar([{ name: "a" }])), "6.0.1")),
      "ManifestMismatch",
      /no file ashat.json/,
    ],
    [
      "a manifest that is a link",
      () =>
        Promise.resolve(
          lay(
            "link.tgz",
            gzipSync(
              rawTar([
                { name: "real.json", body: JSON.stringify({}) },
                { name: "ashat.json", type: "2", linkname: "real.json" },
              ]),
            ),
            "6.0.1",
          ),
        ),
      "ManifestMismatch",
      /no file ashat.json/,
    ],
    [
      "a manifest that is nonsense",
      () => Promise.resolve(lay("nonsense.tgz", gzipSync(rawTar([{ name: "ashat.json", body: "{" }])), "6.0.1")),
      "ManifestMismatch",
      /is not JSON/,
    ],
    [
      "another version inside",
      () => Promise.resolve(lay("v.tgz", archive("6.0.2", []), "6.0.1")),
      "ManifestMismatch",
      /version 6.0.2, but 6.0.1 was ordered/,
    ],
    [
      "another app inside",
      () => Promise.resolve(lay("app.tgz", gzipSync(rawTar([manifestEntry("6.0.1", { app: "other" })])), "6.0.1")),
      "ManifestMismatch",
      /app other, but default/,
    ],
    [
      "nothing at the URL",
      () => Promise.resolve({ version: "6.0.1", url: here().files.url("/gone.tgz"), sha256: wrong }),
      "FetchFailed",
      /HTTP 404/,
    ],
    [
      "plain http",
      () => Promise.resolve({ version: "6.0.1", url: "http://127.0.0.1:1/a.tgz", sha256: wrong }),
      "FetchFailed",
      /https:\/\/ only/,
    ],
    [
      "a URL that is none",
      () => Promise.resolve({ version: "6.0.1", url: "https://[::zz]/a.tgz", sha256: wrong }),
      "FetchFailed",
      /URL cannot be read/,
    ],
    [
      "nobody listening",
      () => Promise.resolve({ version: "6.0.1", url: "https://127.0.0.1:1/a.tgz", sha256: wrong }),
      "FetchFailed",
      /cannot be reached/,
    ],
    [
      "a redirect, which could lead anywhere",
      () => {
        here().files.put(
          "/moved.tgz",
          (_request, response) => void response.writeHead(302, { location: here().files.url("/elsewhere.tgz") }).end(),
        );
        return Promise.resolve({ version: "6.0.1", url: here().files.url("/moved.tgz"), sha256: wrong });
      },
      "FetchFailed",
      /Redirects are not followed/,
    ],
    [
      "a body that breaks off",
      () => {
        here().files.put(
          "/broken.tgz",
          (_request, response) =>
            void response.writeHead(200, { "content-length": 9999 }).write("abc", () => response.destroy()),
        );
        return Promise.resolve({ version: "6.0.1", url: here().files.url("/broken.tgz"), sha256: wrong });
      },
      "FetchFailed",
      /broke off|reached/,
    ],
    [
      "a body without an end",
      () => {
        here().files.put("/endless.tgz", (_request, response) => {
          const more = (): void => void response.write(Buffer.alloc(65_536), (error) => (error ? undefined : more()));
          more();
        });
        return Promise.resolve({ version: "6.0.1", url: here().files.url("/endless.tgz"), sha256: wrong });
      },
      "FetchFailed",
      /larger than the 2000000 bytes/,
    ],
    [
      "a server that hangs",
      () => {
        here().files.put("/hangs.tgz", () => undefined);
        return Promise.resolve({ version: "6.0.1", url: here().files.url("/hangs.tgz"), sha256: wrong });
      },
      "FetchFailed",
      /within 1 s/,
    ],
  ];
  let target: Target;
  let sequence = 1;

  beforeAll(async () => {
    target = await start({
      config: {
        fetch: {
          caFile: join(here().dir, "ca.pem"),
          allowAddresses: ["127.0.0.0/8"],
          attempts: 1,
          deadlineSeconds: 1,
          maxBytes: 2_000_000,
        },
      },
    });
    await carryOut(target, orderFor(target.name, sequence, await release("6.0.0")));
  });

  it.each(situations)("%s", async (_name, what, reason, message) => {
    sequence += 1;
    const claims = orderFor(target.name, sequence, await what());
    expect(await carryOut(target, claims)).toMatchObject({
      state: "Failed",
      reason,
      activations: 0,
      message: expect.stringMatching(message),
    });
    expect(await ask(target, "/healthz")).toEqual([200, { status: "ok", version: "6.0.0" }]);
    expect(await releases(target)).toEqual(["0000000000000001-6.0.0"]);
    expect(await send(target, await sign(claims))).toMatchObject({
      state: "Answered",
      report: { state: "Failed", reason },
    });
    expect((await status(target)).seen).toMatchObject([{ sequence }]);
  });

  it("never even asks for what a redirect points to", () => {
    expect(here().files.asked.get("/elsewhere.tgz")).toBeUndefined();
  });
});
