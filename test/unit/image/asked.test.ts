import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BUNDLE_USAGE, bundleAsked, IMAGE_USAGE, imageAsked } from "../../../scripts/image/asked.ts";
import { commandsIn } from "../markdown.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const DOCS = ["README.md", ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`)];

describe("npm run image", () => {
  test("without a word it is what every page calls dist/ashat.tar", () => {
    expect(imageAsked([], {})).toEqual({
      want: "image",
      out: "dist/ashat.tar",
      tag: "ashat:test",
      format: "docker",
      epoch: 0,
    });
  });

  test.each([
    [["--help"], {}],
    [["-h", "--tag", "x"], {}],
  ])("%j is answered with every option", (args, env) => {
    expect(imageAsked(args, env)).toEqual({ want: "help" });
    for (const option of ["--tag", "--out", "--format docker", "--format oci", "--rootfs"])
      expect(IMAGE_USAGE).toContain(option);
  });

  test.each([
    [["--tags", "a:1"], {}, "--tags"],
    [["--tag"], {}, "--tag"],
    [["somewhere"], {}, "somewhere"],
    [["--format", "zip"], {}, 'There is no format "zip": use docker or oci.'],
    [["--tag", "registry.example/ashat"], {}, "registry.example/ashat:0.1.0"],
    [["--tag", "Registry.example/Ashat:0.1.0"], {}, "in lower case"],
    [["--rootfs", "x", "--tag", "a:1"], {}, "leave out --tag"],
    [[], { SOURCE_DATE_EPOCH: "yesterday" }, "SOURCE_DATE_EPOCH is no count of seconds"],
  ])("%j with %j builds nothing, and says why and what there is", (args, env, why) => {
    const asked = imageAsked(args, env);
    expect(asked).toMatchObject({ want: "nothing", because: expect.stringContaining(why) });
    expect(asked).toMatchObject({ because: expect.stringContaining(IMAGE_USAGE) });
  });

  test.each(["localhost:5000/ashat:0.1.0", "registry.example/team/ashat-next:v1_2.3", "ashat:test"])(
    "%s is a name of an image",
    (tag) => {
      expect(imageAsked(["--tag", tag], {})).toMatchObject({ want: "image", tag });
    },
  );
});

describe("npm run bundle", () => {
  test("it takes one folder", () => {
    expect(bundleAsked([])).toEqual({ want: "bundle", folder: "dist" });
    expect(bundleAsked(["/opt/ashat"])).toEqual({ want: "bundle", folder: "/opt/ashat" });
    expect(bundleAsked(["--help"])).toEqual({ want: "help" });
  });

  test.each([[["--out", "x"]], [["a", "b"]]])("%j bundles nothing, and says why and what there is", (args) => {
    expect(bundleAsked(args)).toMatchObject({ want: "nothing", because: expect.stringContaining(BUNDLE_USAGE) });
  });
});

test.each(DOCS)("%s builds images and bundles by words that are understood", (path) => {
  const typed = commandsIn(readFileSync(`${ROOT}${path}`, "utf8")).flatMap((line) => {
    const [, program, words = ""] = /^npm run (image|bundle)(?: -- (.*))?$/.exec(line) ?? [];
    const args = words.split(/\s+/).filter((word) => word !== "");
    return program === undefined
      ? []
      : [{ line, asked: program === "image" ? imageAsked(args, {}) : bundleAsked(args) }];
  });
  expect(typed.filter(({ asked }) => asked.want === "nothing")).toEqual([]);
});
