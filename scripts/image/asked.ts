import { parseArgs } from "node:util";
import type { Format } from "./archive.ts";

const IMAGE = "npm run image";
const TAG = "ashat:test";
const OUT = "dist/ashat.tar";

export const IMAGE_USAGE = `${IMAGE}                                        builds the image: ${OUT}, tagged ${TAG}
${IMAGE} -- --tag registry.example/ashat:0.1.0   how it is called
${IMAGE} -- --out <file>                         where it goes instead of ${OUT}
${IMAGE} -- --format docker                      for ctr, kind, docker load and podman load; this is what it does without
${IMAGE} -- --format oci                         an OCI layout as one tar, for skopeo, crane, oras
${IMAGE} -- --rootfs <folder>                    only the files, as the Dockerfile takes them
It needs Debian 12 or newer and its package lists (apt-get update), no root and no container engine; elsewhere: docker build .
The same content has the same digest. SOURCE_DATE_EPOCH is the time of every file, 1970 where it is not set.`;

export const BUNDLE_USAGE = `npm run bundle                 each program as one file for Node 24, into dist/: ashat.mjs, deploy.mjs
npm run bundle -- <folder>     into that folder instead`;

export type ImageAsked =
  | { readonly want: "help" }
  | { readonly want: "nothing"; readonly because: string }
  | { readonly want: "rootfs"; readonly folder: string; readonly epoch: number }
  | {
      readonly want: "image";
      readonly out: string;
      readonly tag: string;
      readonly format: Format;
      readonly epoch: number;
    };

export type BundleAsked =
  | { readonly want: "help" }
  | { readonly want: "nothing"; readonly because: string }
  | { readonly want: "bundle"; readonly folder: string };

const OPTIONS = {
  out: { type: "string" },
  tag: { type: "string" },
  format: { type: "string" },
  rootfs: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** As registries and engines take it; upper case and a name without a tag are what people try. */
const REFERENCE = /^[a-z0-9]+([.\-_:/][a-z0-9]+|__|--+)*:[\w][\w.-]{0,127}$/;

const nothing = (because: string, usage: string) => ({ want: "nothing", because: `${because}\n\n${usage}` }) as const;
const no = (because: string): ImageAsked => nothing(because, IMAGE_USAGE);
const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What `npm run image` was asked to do. */
export function imageAsked(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ImageAsked {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: OPTIONS }));
  } catch (error) {
    return no(said(error));
  }
  if (values.help === true) return { want: "help" };
  const epoch = Number(env["SOURCE_DATE_EPOCH"] ?? "0");
  if (!Number.isSafeInteger(epoch) || epoch < 0)
    return no("SOURCE_DATE_EPOCH is no count of seconds: set it to one, for example 0, or unset it.");
  const { rootfs, out = OUT, tag = TAG, format = "docker" } = values;
  if (rootfs !== undefined) {
    const more = (["out", "tag", "format"] as const).filter((name) => values[name] !== undefined);
    return more.length === 0
      ? { want: "rootfs", folder: rootfs, epoch }
      : no(`With --rootfs no archive is written: leave out ${more.map((name) => `--${name}`).join(" and ")}.`);
  }
  if (format !== "docker" && format !== "oci") return no(`There is no format "${format}": use docker or oci.`);
  if (!REFERENCE.test(tag))
    return no(`"${tag}" is no name of an image with a tag: write it like registry.example/ashat:0.1.0, in lower case.`);
  return { want: "image", out, tag, format, epoch };
}

/** What `npm run bundle` was asked to do. */
export function bundleAsked(args: readonly string[]): BundleAsked {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: { help: OPTIONS.help }, allowPositionals: true });
  } catch (error) {
    return nothing(said(error), BUNDLE_USAGE);
  }
  if (parsed.values.help === true) return { want: "help" };
  const [folder = "dist", ...more] = parsed.positionals;
  if (more.length > 0) return nothing(`One folder is enough; there are ${more.length + 1}.`, BUNDLE_USAGE);
  return { want: "bundle", folder };
}
