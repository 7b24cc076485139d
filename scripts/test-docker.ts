/**
 * `npm run test:docker`: tests of `npm test` as they stand, on a real K3s in Docker, with the image of the Dockerfile for the checks. For Linux with a
 * Docker engine, its command line and kubectl; what only this needs is installed in test/docker when it is asked for. It has never run: where it was
 * written there was no engine. The same tests were run there on a kubelet with containerd, which was told to them in the same way.
 *
 *     npm run test:docker
 *     ASHAT_K3S_IMAGE=rancher/k3s:<tag> npm run test:docker     another Kubernetes; 1.36 or newer
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { noDocker, startK3s } from "../test/docker/k3s.ts";
import { SCENARIOS } from "../test/docker/scenarios.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = join(root, "test", "docker");
const version = process.env["ASHAT_K3S_IMAGE"] ?? "rancher/k3s:v1.36.3-k3s1";

/** Runs a program with its output on this terminal; anything but success is an error that says what it was for. */
const run = (
  what: string,
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): void => {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0)
    throw new Error(
      `${what} failed${error ? ` (${error.message})` : ""}: see what it says above, then run the same command again.`,
    );
};

const install = (): void => {
  const stamp = join(folder, "node_modules", ".installed-from");
  const wanted = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  // The npm that runs us, where there is one; nothing here needs an install script.
  const npm = process.env["npm_execpath"];
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  run("npm ci in test/docker", npm ? process.execPath : "npm", npm ? [npm, ...args] : args, { cwd: folder });
  writeFileSync(stamp, wanted);
};

const scenarios = async (dir: string): Promise<void> => {
  const archive = join(dir, "image.tar");
  run("docker build", "docker", ["build", "--tag", "ashat:test", "."], { cwd: root });
  run("docker save", "docker", ["save", "--output", archive, "ashat:test"], { cwd: root });
  const k3s = await startK3s(version, archive);
  try {
    const kubeconfig = join(dir, "kubeconfig.yaml");
    writeFileSync(kubeconfig, k3s.kubeconfig, { mode: 0o600 });
    const env = { ...process.env, KUBECONFIG: kubeconfig, ASHAT_TEST_CONTEXT: "default", ASHAT_TEST_HOST: k3s.host };
    for (const group of SCENARIOS)
      run("the tests on K3s", process.execPath, [join(root, "scripts", "test.ts"), ...group], { cwd: root, env });
  } finally {
    await k3s.stop();
  }
};

const dir = mkdtempSync(join(tmpdir(), "ashat-docker-"));
try {
  if (process.platform !== "linux")
    throw new Error(
      `The tests on K3s need Linux, because its pods reach servers on this machine: this is ${process.platform}.`,
    );
  install();
  const reason = await noDocker();
  if (reason !== undefined)
    throw new Error(
      `The tests on K3s need a Docker engine, and none answers here (${reason}): start one, or set DOCKER_HOST to where it is.`,
    );
  await scenarios(dir);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
