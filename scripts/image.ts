/**
 * `npm run image`: the image, built without a container engine on Debian 12 or newer (x64 or arm64; no root needed, Debian's package lists must be
 * there: `apt-get update`). It holds the loader and libraries, git, ssh, certificates (Debian's packages, kept in the user's cache), the Node of the
 * lockfile, and the bundle.
 *
 *     npm run image                                        dist/ashat.tar, tagged ashat:test; then for a kubelet with containerd
 *     ctr -n k8s.io images import dist/ashat.tar           (pods say `image: ashat:test` and `imagePullPolicy: Never`)
 *     npm run image -- --out x.tar --tag me/ashat:0.1.0    for `docker load` or `podman load`
 *     npm run image -- --format oci                        an OCI layout as a tar, for skopeo, crane, oras
 *     npm run image -- --rootfs folder                     only the files, as the Dockerfile needs them
 *
 * The same content has the same digest; SOURCE_DATE_EPOCH is the time of every file (1970 without it).
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildImage } from "./image/build.ts";
import { writeRootfs } from "./image/rootfs.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "dist/ashat.tar" },
    tag: { type: "string", default: "ashat:test" },
    format: { type: "string", default: "docker" },
    rootfs: { type: "string" },
  },
});

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const epoch = Number(process.env["SOURCE_DATE_EPOCH"] ?? "0");
const { tag, format, rootfs } = values;
const out = resolve(values.out);
try {
  if (!Number.isSafeInteger(epoch) || epoch < 0)
    throw new Error("SOURCE_DATE_EPOCH is no count of seconds: set it to one, for example 0, or unset it.");
  if (format !== "docker" && format !== "oci") throw new Error(`There is no format "${format}": use docker or oci.`);
  if (rootfs !== undefined) await writeRootfs(resolve(rootfs), epoch);
  else {
    const { layers, bytes, id, digest } = await buildImage({ out, tag, format, epoch });
    for (const layer of layers) console.log(`layer   ${layer.name}  ${mib(layer.bytes)}  sha256:${layer.sha256}`);
    console.log(`size    ${mib(bytes)}\nid      ${id}`);
    if (format === "oci") console.log(`digest  ${digest}`);
    console.log(`${out}  ${tag}`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
