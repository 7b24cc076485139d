import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { currentRelease, placeOf, prune, releaseName, shelve, switchTo, type Place } from "./layout.ts";

let root: string;
let place: Place;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ashat-layout-"));
  place = placeOf(root, "default", "main");
  for (const name of ["1-a", "2-b", "3-c", "4-d", "5-e"]) await mkdir(join(place.releases, name), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

describe("releases", () => {
  it("of which the oldest go, but never the current one nor the one before it", async () => {
    await switchTo(place, "1-a");
    expect(await prune(place, 2, ["2-b"])).toEqual({ gone: ["3-c"], kept: ["1-a", "2-b", "4-d", "5-e"] });
    expect(await readdir(place.releases)).toEqual(["1-a", "2-b", "4-d", "5-e"]);
  });
  it("sort by age, also from the ninth to the tenth", () => {
    const names = [releaseName({ sequence: 10, version: "1.0.0" }), releaseName({ sequence: 9, version: "2.0.0" })];
    expect(names.sort()[0]).toMatch(/9-2\.0\.0$/);
  });
  it("are switched to also over what a crash left half way", async () => {
    await switchTo(place, "1-a");
    await writeFile(join(place.folder, "current.next"), "left over");
    await switchTo(place, "2-b");
    expect(await currentRelease(place)).toBe("2-b");
  });
  it("are shelved over what a crash left under the same name", async () => {
    await writeFile(join(place.releases, "5-e", "stale"), "");
    const unpacked = join(place.folder, "unpacked");
    await mkdir(unpacked);
    await writeFile(join(unpacked, "fresh"), "");
    await shelve(place, unpacked, "5-e");
    expect(await readdir(join(place.releases, "5-e"))).toEqual(["fresh"]);
  });
});
