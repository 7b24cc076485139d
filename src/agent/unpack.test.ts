import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archive, pax, rawTar, type TarEntry } from "../../test/targets/archives.ts";
import { OrderFailure } from "./failure.ts";
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
const refusal = async (bytes: Uint8Array, limits = LIMITS): Promise<string> => {
  const error: unknown = await open(bytes, limits).then(
    () => "was unpacked",
    (reason: unknown) => reason,
  );
  if (!(error instanceof OrderFailure)) throw error instanceof Error ? error : new Error(String(error));
  expect(error.reason).toBe("ArchiveRefused");
  expect(error.message).toContain("Nothing was switched");
  return error.message;
};

const link = (name: string, linkname: string): TarEntry => ({ name, type: "2", linkname });
const file = (name: string, body = "x"): TarEntry => ({ name, body });
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);

describe("an archive is refused when it has", () => {
  const hostile: readonly (readonly [string, readonly TarEntry[], RegExp])[] = [
    ["a path that climbs out", [file("../secret", "stolen")], /leaves the folder/],
    ["a path that climbs out from inside", [file("a/b/../../../secret")], /leaves the folder/],
    ["an absolute path", [file("/tmp/ashat-evil")], /absolute path/],
    ["a link to an absolute path", [link("etc", "/etc")], /absolute path/],
    ["a link that climbs out", [link("up", "../../secret")], /leaves the folder/],
    ["a file through a link", [{ name: "d", type: "5" }, link("l", "d"), file("l/x")], /lies under "l"/],
    ["a file in the place of a link", [file("a"), link("l", "a"), file("l", "through")], /is there twice/],
    [
      "links that lead out together",
      [{ name: "d1/d2", type: "5" }, link("d1/d2/root", "../.."), link("esc", "d1/d2/root/../../secret")],
      /leaves the folder/,
    ],
    ["a link to nothing", [link("l", "nowhere")], /link to nothing/],
    ["a link in a circle", [link("a", "b"), link("b", "a")], /link to nothing/],
    ["a link to itself", [link("a", "a")], /link to nothing/],
    ["a hard link that leaves", [{ name: "h", type: "1", linkname: "../../secret" }], /leaves the folder/],
    ["a hard link to an absolute path", [{ name: "h", type: "1", linkname: "/etc/passwd" }], /absolute path/],
    [
      "a hard link to a link",
      [file("a"), link("l", "a"), { name: "h", type: "1", linkname: "l" }],
      /hard link to something/,
    ],
    ["a hard link to what is not in it", [{ name: "h", type: "1", linkname: "later" }], /hard link to something/],
    ["a character device", [{ name: "null", type: "3" }], /is a character-device/],
    ["a block device", [{ name: "sda", type: "4" }], /is a block-device/],
    ["a fifo", [{ name: "pipe", type: "6" }], /is a fifo/],
    ["something of unknown type", [{ name: "odd", type: "S" }], /of a type that is not taken/],
    ["the same file twice", [file("a"), file("a", "other")], /is there twice/],
    ["the same file twice, spelled differently", [file("a"), file("./a")], /is there twice/],
    ["a folder in the place of a file", [file("a"), { name: "a", type: "5" }], /is there twice/],
    ["a file below a file", [file("a"), file("a/b")], /lies under "a"/],
    ["a second manifest", [file("ashat.json", "{}")], /is there twice/],
    ["a backslash in a name", [file("..\\secret")], /backslash/],
    ["a NUL in a name", [pax({ path: "a\0../secret" }), file("b")], /NUL/],
    ["a path that climbs out, said in a pax record", [pax({ path: "../secret" }), file("b")], /leaves the folder/],
    [
      "a link that climbs out, said in a pax record",
      [pax({ linkpath: "../../secret" }), link("l", "ashat.json")],
      /leaves the folder/,
    ],
    ["too long a name", [pax({ path: "n".repeat(300) }), file("b")], /too long a name/],
    ["too long a path", [pax({ path: "n/".repeat(600) }), file("b")], /name of 1200 characters/],
    ["a file without a name", [file("./")], /has no name|carries a body/],
    ["a folder with a body", [{ name: "d", type: "5", size: 4096 }], /carries a body/],
    ["a size that is no number", [pax({ size: "many" }), file("b")], /not a whole gzip tar/],
    ["too many entries", Array.from({ length: 60 }, (_, index) => file(`f${index}`)), /more than 50 entries/],
    ["a bomb of zeros", [{ name: "bomb", body: zeros(20 * 1024 * 1024) }], /more than 100 times its size/],
    [
      "long names beyond measure",
      Array.from({ length: 40 }, () => pax({ comment: "c".repeat(200_000) })),
      /too much that is no file/,
    ],
    ["less than its header promises", [{ name: "short", body: "abc", size: 50_000 }], /not a whole gzip tar/],
  ];

  it.each(hostile)("%s", async (_name, entries, message) => {
    expect(await refusal(archive("9.4.2", entries))).toMatch(message);
    expect(await readFile(join(dir, "secret"), "utf8")).toBe("untouched");
    expect(existsSync("/tmp/ashat-evil")).toBe(false);
  });

  it("more bytes than it may", async () => {
    expect(
      await refusal(archive("9.4.2", [file("big", "x".repeat(3_000_000))]), { ...LIMITS, maxBytes: 2_000_000 }),
    ).toMatch(/more than 2000000 bytes/);
  });
  it("an endless tail", async () => {
    expect(await refusal(gzipSync(Buffer.concat([rawTar([file("a")]), zeros(8 * 1024 * 1024)])))).toMatch(
      /too much that is no file/,
    );
  });
  it("no gzip around it", async () => {
    expect(await refusal(rawTar([file("a")]))).toMatch(/not a whole gzip tar/);
  });
  it("been cut off", async () => {
    const whole = archive("9.4.2", [file("a", "abc".repeat(10_000))]);
    expect(await refusal(whole.subarray(0, whole.length - 20))).toMatch(/not a whole gzip tar/);
  });
  it("no sense at all", async () => {
    expect(await refusal(gzipSync(Buffer.from("this is no tar at all".repeat(100))))).toMatch(/not a whole gzip tar/);
  });
});

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

  it("stops when it is told to", async () => {
    await writeFile(join(dir, "a.tgz"), archive("9.4.2", [file("a")]));
    await expect(
      unpack(join(dir, "a.tgz"), join(dir, "release"), LIMITS, AbortSignal.abort(new Error("enough"))),
    ).rejects.toThrow("enough");
  });
});
