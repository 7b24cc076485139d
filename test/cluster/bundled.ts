import { join } from "node:path";

/** The image of the checks from the bundle: the stand-in knows it, and finds it once a test has bundled it there. */
export const BUNDLED_IMAGE = "ashat:bundled";

export const bundleFolder = ({ dir }: { readonly dir: string }): string => join(dir, "bundle");

export const bundledProgram = (cluster: { readonly dir: string }): string => join(bundleFolder(cluster), "ashat.mjs");
