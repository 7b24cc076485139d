import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archive, manifestEntry, openTar, pax, rawTar, resummed, type TarEntry } from "../../test/targets/archives.ts";
import { OrderFailure } from "./failure.ts";
import { readManifest } from "./manifest.ts";
import { unpack } from "./unpack.ts";
import type { UnpackLimits } from "./unpack-bounds.ts";

const LIMITS: UnpackLimits = { maxEntries: 50, maxBytes: 64 * 1024 * 1024, maxRatio: 100 };
const ORDER = { app: "default", layer: "main", version: "9.4.2" };
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-hostile-"));
  await writeFile(join(dir, "secret"), "untouched");
  await mkdir(join(dir, "inner"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Takes an archive as the agent does, and says why it did not. */
const failureOf = async (bytes: Uint8Array, limits = LIMITS): Promise<OrderFailure> => {
  const [packed, folder] = [join(dir, "inner/a.tgz"), join(dir, "inner/release")];
  await writeFile(packed, bytes);
  try {
    await unpack(packed, folder, limits, new AbortController().signal);
    await readManifest(folder, ORDER);
  } catch (error) {
    if (error instanceof OrderFailure) return error;
    throw error;
  }
  return expect.unreachable("it was taken");
};
/** What may have come out of it lies in its own folder, and only as folders, files and links. */
const nothingElse = async (): Promise<void> => {
  expect((await readdir(dir)).sort()).toEqual(["inner", "secret"]);
  expect((await readdir(join(dir, "inner"))).filter((name) => name !== "release")).toEqual(["a.tgz"]);
  expect(await readFile(join(dir, "secret"), "utf8")).toBe("untouched");
  expect(existsSync("/tmp/ashat-evil")).toBe(false);
  const made = await readdir(join(dir, "inner"), { recursive: true });
  for (const name of made) {
    const found = await lstat(join(dir, "inner", name));
    expect(found.isFile() || found.isDirectory() || found.isSymbolicLink(), name).toBe(true);
    expect(found.mode & 0o7000, name).toBe(0);
    if (found.isSymbolicLink()) expect(await readlink(join(dir, "inner", name))).not.toMatch(/^\//);
  }
};
const isRefused = async (bytes: Uint8Array, reason: string, message: RegExp, limits = LIMITS): Promise<void> => {
  const failure = await failureOf(bytes, limits);
  expect(failure).toMatchObject({ reason, message: expect.stringMatching(message) });
  expect(failure.message).toMatch(/^[A-Za].*Nothing was switched.*\.$/s);
  await nothingElse();
};

const link = (name: string, linkname: string): TarEntry => ({ name, type: "2", linkname });
const file = (name: string, body = "x"): TarEntry => ({ name, body });
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);
/** What GNU tar writes before an entry whose name, or link, does not fit. */
const longName = (name: string): TarEntry => ({ name: "././@LongLink", type: "L", body: `${name}\0` });
const longLink = (name: string): TarEntry => ({ name: "././@LongLink", type: "K", body: `${name}\0` });
/** The binary way to say a size, for sizes that octal digits cannot say. */
const binarySize = (...bytes: readonly number[]): NonNullable<TarEntry["spoilt"]> =>
  resummed((block) => void Buffer.from(bytes).copy(block, 124));

/** What is put into an archive that is decent otherwise. */
const refused: readonly (readonly [string, readonly TarEntry[], RegExp])[] = [
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

const more: readonly (readonly [string, readonly TarEntry[], RegExp])[] = [
  ["a path that climbs out, said in GNU's way", [longName("../secret"), file("b")], /leaves the folder/],
  ["an absolute path, said in GNU's way", [longName("/tmp/ashat-evil"), file("b")], /absolute path/],
  ["an absolute path, said in a pax record", [pax({ path: "/tmp/ashat-evil" }), file("b")], /absolute path/],
  [
    "a link that climbs out, said in GNU's way",
    [longLink("../../secret"), link("l", "ashat.json")],
    /leaves the folder/,
  ],
  [
    "a hard link that climbs out, said in a pax record",
    [pax({ linkpath: "../../secret" }), { name: "h", type: "1", linkname: "ashat.json" }],
    /leaves the folder/,
  ],
  [
    "a path that climbs out by its prefix",
    [{ ...file("secret"), spoilt: resummed((block) => void block.write("..", 345)) }],
    /leaves the folder/,
  ],
  [
    "a prefix for all that climbs out",
    [{ name: "pax", type: "g", body: pax({ path: "../secret" }).body ?? "" }, pax({ comment: "x" }), file("b")],
    /leaves the folder/,
  ],
  ["a path that is only dots", [file("..")], /leaves the folder/],
  ["a folder that climbs out", [{ name: "../evil/", type: "5" }], /leaves the folder/],
  [
    "a hard link through a link",
    [{ name: "d", type: "5" }, file("d/x"), link("l", "d"), { name: "h", type: "1", linkname: "l/x" }],
    /hard link to something/,
  ],
  ["a hard link with nothing in it", [{ name: "h", type: "1" }], /name of 0 characters/],
  ["a hard link to itself", [{ name: "h", type: "1", linkname: "h" }], /hard link to something/],
  ["a link in the place of the manifest's folder", [link(".", "/etc")], /has no name/],
  [
    "a file through a link that comes later as a folder",
    [link("d", "."), { name: "d/", type: "5" }, file("d/x")],
    /is there twice/,
  ],
  ["a link with nothing in it", [link("l", "")], /is a link without a proper target/],
  ["a sparse file of the old kind", [{ name: "sparse", type: "S", size: 0 }], /of a type that is not taken/],
  [
    "a sparse file of the new kind",
    [pax({ "GNU.sparse.major": "1", "GNU.sparse.name": "../secret" }), file("b")],
    /is a sparse file/,
  ],
  ["a volume label", [{ name: "label", type: "V" }], /of a type that is not taken/],
  ["a piece of another volume", [{ name: "rest", type: "M" }], /of a type that is not taken/],
  ["a file that says its size in two places", [pax({ size: "1" }), file("b")], /says its size in two places/],
  [
    "a negative size",
    [{ ...file("b"), spoilt: binarySize(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0) }],
    /not a whole gzip tar/,
  ],
  [
    "a size beyond all disks",
    [{ ...file("b"), spoilt: binarySize(0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }],
    /not a whole gzip tar/,
  ],
  [
    "a header whose sum is wrong",
    [{ ...file("b"), spoilt: (block) => void block.write("evil", 0) }],
    /not a whole gzip tar/,
  ],
  [
    "a header of no known kind of tar",
    [{ ...file("b"), spoilt: resummed((block) => void block.fill(0, 257, 265)) }],
    /not a whole gzip tar/,
  ],
  ["folders without end", [pax({ path: `${"d/".repeat(101)}x` }), file("b")], /lies more than 100 folders deep/],
  [
    "more folders on the way than it may have entries",
    [pax({ path: `${"d/".repeat(60)}x` }), file("b")],
    /more than 50 entries/,
  ],
  ["a name of another kind of path", [file("C:\\windows\\x")], /backslash/],
  ["the same folder as a link", [{ name: "d/", type: "5" }, link("d", "ashat.json")], /is there twice/],
  ["a manifest below the manifest", [file("ashat.json/x")], /lies under "ashat.json"/],
  [
    "a memory bomb in a name",
    [{ ...longName("n".repeat(2_000_000)) }, file("b")],
    /too much that is no file|more than 100 times/,
  ],
];

const bomb = gzipSync(rawTar([manifestEntry("9.4.2"), { name: "bomb", body: zeros(18 * 1024 * 1024) }]));
/** What is wrong with how it is packed. */
const packed: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["no gzip around it", () => rawTar([manifestEntry("9.4.2")]), /not a whole gzip tar/],
  ["nothing in it", () => new Uint8Array(), /not a whole gzip tar|its end is missing/],
  ["an empty gzip", () => gzipSync(""), /its end is missing/],
  ["been cut off", () => archive("9.4.2", [file("a", "abc".repeat(10_000))]).subarray(0, -20), /not a whole gzip tar/],
  ["been cut off at the end of an entry", () => gzipSync(openTar([manifestEntry("9.4.2")])), /its end is missing/],
  ["another gzip bomb around it", () => gzipSync(bomb), /not a whole gzip tar/],
  ["no sense at all", () => gzipSync("this is no tar at all".repeat(100)), /not a whole gzip tar/],
  [
    "rubbish after its gzip",
    () => Buffer.concat([archive("9.4.2", []), Buffer.from("rubbish")]),
    /not a whole gzip tar/,
  ],
  [
    "rubbish after its end",
    () => gzipSync(Buffer.concat([rawTar([manifestEntry("9.4.2")]), Buffer.from("rubbish".padEnd(512))])),
    /not a whole gzip tar|goes on after its own end/,
  ],
  [
    "a second archive after its end",
    () => gzipSync(Buffer.concat([rawTar([manifestEntry("9.4.2")]), rawTar([file("unseen")])])),
    /goes on after its own end/,
  ],
  [
    "a second archive in a gzip of its own",
    () => Buffer.concat([archive("9.4.2", []), gzipSync(rawTar([file("unseen")]))]),
    /goes on after its own end/,
  ],
  [
    "a second archive after an end that looks like a sum",
    () => {
      const end = zeros(512);
      end.write("000400", 148);
      return gzipSync(Buffer.concat([openTar([manifestEntry("9.4.2")]), end, rawTar([file("unseen")])]));
    },
    /goes on after its own end/,
  ],
  [
    "an endless tail",
    () => gzipSync(Buffer.concat([rawTar([manifestEntry("9.4.2")]), zeros(8 * 1024 * 1024)])),
    /too much that is no file/,
  ],
  ["a bomb of zeros and nothing else", () => bomb, /more than 100 times its size/],
];

const manifest = (body: string | Buffer): Uint8Array => gzipSync(rawTar([{ name: "ashat.json", body }]));
const decent = (change: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ ...ORDER, modules: [{ name: "core", version: "9.4.2" }], ...change });
const manifests: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["no manifest", () => gzipSync(rawTar([file("a")])), /no file ashat.json at its root/],
  [
    "its manifest in a folder",
    () => gzipSync(rawTar([file("app/ashat.json", decent())])),
    /no file ashat.json at its root/,
  ],
  [
    "a manifest in other letters",
    () => gzipSync(rawTar([file("ASHAT.JSON", decent())])),
    /no file ashat.json at its root/,
  ],
  ["a folder for a manifest", () => gzipSync(rawTar([{ name: "ashat.json/", type: "5" }])), /no file ashat.json/],
  [
    "a link for a manifest",
    () => gzipSync(rawTar([file("real.json", decent()), link("ashat.json", "real.json")])),
    /no file ashat.json/,
  ],
  ["a manifest beyond measure", () => manifest(decent({ also: "a".repeat(70_000) })), /larger than 65536 bytes/],
  ["a manifest with a byte order mark", () => manifest(`\ufeff${decent()}`), /is not JSON/],
  ["an empty manifest", () => manifest(""), /is not JSON/],
  [
    "a manifest that is YAML",
    () => manifest("app: default\nlayer: main\nversion: 9.4.2\nmodules: []\n"),
    /is not JSON/,
  ],
  [
    "a manifest with a version twice",
    () => manifest(decent().replace("{", '{"version":"9.9.9",')),
    /every member is there once/,
  ],
  [
    "a manifest with a module's name twice",
    () => manifest(decent().replace("[{", '[{"name":"evil",')),
    /every member is there once/,
  ],
  [
    "a manifest with a version twice, in another spelling",
    () => manifest(decent().replace("{", '{"\\u0076ersion":"9.9.9",')),
    /every member is there once/,
  ],
  [
    "a manifest that means to be an object's prototype",
    () => manifest(`{"__proto__":${decent()}}`),
    /is not well formed/,
  ],
  [
    "a manifest nested without end",
    () => manifest("[".repeat(30_000) + "]".repeat(30_000)),
    /is not (JSON|well formed)/,
  ],
  ["a manifest that is a list", () => manifest(`[${decent()}]`), /is not well formed/],
  ["a manifest that is null", () => manifest("null"), /is not well formed/],
  ["a manifest without modules", () => manifest(decent({ modules: undefined })), /is not well formed/],
  [
    "a manifest with modules without end",
    () => manifest(decent({ modules: Array.from({ length: 257 }, () => ({ name: "m", version: "1" })) })),
    /is not well formed/,
  ],
  [
    "a module with an endless name",
    () => manifest(decent({ modules: [{ name: "m".repeat(101), version: "1" }] })),
    /is not well formed/,
  ],
  ["the manifest of another app", () => manifest(decent({ app: "shop" })), /of app shop, but default was ordered/],
  ["the manifest of another layer", () => manifest(decent({ layer: "web" })), /of layer web, but main was ordered/],
  [
    "the manifest of another version",
    () => manifest(decent({ version: "9.4.1" })),
    /of version 9.4.1, but 9.4.2 was ordered/,
  ],
  [
    "the manifest of another build",
    () => manifest(decent({ version: "9.4.2-rc.1" })),
    /of version 9.4.2-rc.1, but 9.4.2/,
  ],
];

describe("an archive is refused, and nothing of it is outside its own folder, when it has", () => {
  it.each([...refused, ...more])("%s", async (_name, entries, message) => {
    await isRefused(archive("9.4.2", entries), "ArchiveRefused", message);
  });
  it.each(packed)("%s", async (_name, make, message) => {
    await isRefused(make(), "ArchiveRefused", message);
  });
  it.each(manifests)("%s", async (_name, make, message) => {
    await isRefused(make(), "ManifestMismatch", message);
  });

  it("more bytes than it may", async () => {
    const large = archive("9.4.2", [file("big", "x".repeat(3_000_000))]);
    await isRefused(large, "ArchiveRefused", /more than 2000000 bytes/, { ...LIMITS, maxBytes: 2_000_000 });
  });

  it("and there are enough of them, each with a name of its own", () => {
    const names = [...refused, ...more, ...packed, ...manifests].map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(40);
  });
});

it("what an archive says of set-uid, set-gid, sticky and of who owns it is not followed", async () => {
  const bytes = gzipSync(
    rawTar([
      { name: "ashat.json", body: decent(), mode: 0o7777 },
      { name: "d/", type: "5", mode: 0o7777 },
      { name: "d/run", mode: 0o4777, body: "#!/bin/sh\n" },
    ]),
  );
  await expect(failureOf(bytes)).rejects.toThrow("it was taken");
  await nothingElse();
});
