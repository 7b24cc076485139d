import { mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archive, manifestEntry, pax, rawTar, type TarEntry } from "../../test/targets/archives.ts";
import { unpack } from "./unpack.ts";
import type { UnpackLimits } from "./unpack-bounds.ts";

const LIMITS: UnpackLimits = { maxEntries: 50, maxBytes: 64 * 1024 * 1024, maxRatio: 100 };
let dir: string;
let out: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-unpack-"));
  out = join(dir, "inner", "release");
  await writeFile(join(dir, "secret"), "untouched");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = async (bytes: Uint8Array, limits = LIMITS): Promise<void> => {
  await mkdir(join(dir, "inner"));
  await writeFile(join(dir, "a.tgz"), bytes);
  await unpack(join(dir, "a.tgz"), out, limits, new AbortController().signal);
};
const file = (name: string, body = "x"): TarEntry => ({ name, body });

describe("a decent archive", () => {
  it("is unpacked with folders, links inside and plain modes", async () => {
    await open(
      archive("9.4.2", [
        { name: "./", type: "5" },
        { name: "bin/", type: "5", mode: 0o777 },
        { name: "bin/run", mode: 0o6777, body: "#!/bin/sh\n" },
        { name: "deep/er/file", mode: 0o000, body: "deep" },
        { name: "bin/alias", type: "2", linkname: "../deep/er/file" },
        { name: "twin", type: "1", linkname: "bin/run" },
      ]),
    );
    expect((await stat(join(out, "bin/run"))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(out, "deep/er/file"))).mode & 0o7777).toBe(0o600);
    expect(await readlink(join(out, "bin/alias"))).toBe("../deep/er/file");
    expect(await readFile(join(out, "bin/alias"), "utf8")).toBe("deep");
    expect(await readFile(join(out, "twin"), "utf8")).toBe("#!/bin/sh\n");
  });

  it("may be packed in several pieces, and have folders as deep as people make them", async () => {
    const whole = rawTar([manifestEntry("9.4.2"), file("a"), pax({ path: `${"d/".repeat(60)}deep` }), file("b")]);
    await open(Buffer.concat([gzipSync(whole.subarray(0, 700)), gzipSync(whole.subarray(700))]), {
      ...LIMITS,
      maxEntries: 70,
    });
    expect(await readFile(join(out, "d/".repeat(60), "deep"), "utf8")).toBe("x");
  });

  it("may be filled up with empty blocks after its end, as tape drives wanted it", async () => {
    await open(gzipSync(Buffer.concat([rawTar([manifestEntry("9.4.2"), file("a")]), Buffer.alloc(10 * 1024)])));
    expect(await readFile(join(out, "a"), "utf8")).toBe("x");
  });

  it("stops when it is told to", async () => {
    await writeFile(join(dir, "a.tgz"), archive("9.4.2", [file("a")]));
    await expect(
      unpack(join(dir, "a.tgz"), join(dir, "release"), LIMITS, AbortSignal.abort(new Error("enough"))),
    ).rejects.toThrow("enough");
  });
});
