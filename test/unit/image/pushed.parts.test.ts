import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startRegistry } from "../../world/registry.ts";
import { commandsIn } from "../markdown.ts";

const run = promisify(execFile);
const ROOT = new URL("../../../", import.meta.url).pathname;
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
const missing = (await isThere("/usr/bin/skopeo"))
  ? (await isThere("/usr/bin/dpkg-deb"))
    ? undefined
    : "an image is put together from Debian packages: this needs Debian 12 or newer"
  : "there is no skopeo on this machine (Debian: apt-get install skopeo)";

test("what docs/install.md says without Docker puts the image into a registry, under the digest that the build printed", async ({
  skip,
  onTestFinished,
}) => {
  skip(missing !== undefined, missing);
  const [dir, registry] = await Promise.all([mkdtemp(join(tmpdir(), "ashat-pushed-")), startRegistry()]);
  onTestFinished(async () => {
    await registry.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const page = commandsIn(await readFile(join(ROOT, "docs/install.md"), "utf8"));
  const asked = page.filter((line) => /^npm run image .*--format oci|^skopeo /.test(line));
  expect(asked).toHaveLength(2);
  const here = asked
    .join("\n")
    .replace("npm run image --", `node ${join(ROOT, "scripts/image.ts")}`)
    .replaceAll("dist/", `${dir}/`)
    .replaceAll("registry.example", registry.host)
    .replace("skopeo copy", "skopeo copy --dest-tls-verify=false");
  const { stdout } = await run("sh", ["-euc", here], { env: { ...process.env, TMPDIR: dir } });

  const manifest = registry.manifests.get("ashat:0.1.0") ?? Buffer.alloc(0);
  const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
  expect(stdout).toContain(`digest  ${digest}`);
  const { layers } = JSON.parse(manifest.toString()) as { readonly layers: readonly { readonly digest: string }[] };
  expect(layers.filter((layer) => !registry.blobs.has(layer.digest))).toEqual([]);
});
