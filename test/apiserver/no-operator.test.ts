import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newNamespace, notOwned, sharedCluster } from "../cluster/shared.ts";

/** What people are told where ASHAT is installed and no operator runs. */

const cluster = sharedCluster();
const ROOT = new URL("../../", import.meta.url).pathname;
let dir: string;
let namespace: string;

beforeEach(({ skip }) => {
  const reason = notOwned(cluster);
  if (reason !== undefined) skip(reason);
});
beforeAll(async () => {
  [dir, namespace] = await Promise.all([mkdtemp(join(tmpdir(), "ashat-no-operator-")), newNamespace(cluster, "idle")]);
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { namespace, name: "ashat-admin" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "ashat-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ada" }],
  };
  const file = join(dir, "binding.json");
  await writeFile(file, JSON.stringify(binding));
  await cluster.kubectl(["apply", "-f", file]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Ada, who administers this namespace and nothing else, types a line. */
async function ada(main: string, ...words: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: dir, KUBECONFIG: await cluster.kubeconfigFor("ada") };
  return new Promise<{ readonly code: unknown; readonly out: string; readonly err: string }>((resolve) => {
    execFile(process.execPath, [join(ROOT, main), ...words], { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : error.code, out, err }),
    );
  });
}
const deploy = (...words: readonly string[]) => ada("src/cli/main.ts", ...words, "-n", namespace);

test("an update that nobody looks at leads to ashat doctor, whatever is asked of it", async () => {
  const made = await deploy("configure", "public", "https://127.0.0.1:1", "staging", "--timeout", "1");
  expect(made).toMatchObject({
    code: 0,
    out: expect.stringContaining(`kubectl edit servers.ashat.raos.io/staging -n ${namespace}`),
  });
  await deploy("configure", "omega", "https://127.0.0.1:2", "omega", "--timeout", "1");
  const archive = ["--archive", "https://127.0.0.1:3/x.tgz"];
  const unread = await deploy("push", "first", "Nothing", ...archive);
  expect(unread.code).toBe(1);
  expect(unread.err).toMatch(
    /cannot be reached: .*Nothing was pushed[^]*\nNext: deploy push first '<description>' --archive \S+ --sha256 <sha256> --version <version> -n /,
  );
  const pushed = await deploy("push", "first", "Nothing", ...archive, "--sha256", "a".repeat(64), "--version", "1.0.0");
  expect(pushed.code, pushed.err).toBe(0);

  expect(await deploy("verify", "first")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/^No operator has looked at first within 10 s: [^]*\nNext: ashat doctor\n$/),
  });
  expect(await deploy("approve", "first")).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /^Not ready for approval: no operator has looked at it since[^]*\nNext: ashat doctor\n$/,
    ),
  });
  expect((await deploy("cancel", "first")).err).toMatch(/\nNext: ashat doctor\n$/);
  expect((await deploy("status", "first")).out).toMatch(
    /New: no operator has looked at it since[^]*Next: ashat doctor\n$/,
  );
  expect((await deploy("status")).out).toContain("Next: ashat doctor");
});

test("ashat doctor says to whoever is no cluster administrator who can ask, and how another login is chosen", async () => {
  const { code, err } = await ada("src/main.ts", "doctor", "--wait", "0");
  expect(code).toBe(1);
  expect(err).toMatch(/^ashat doctor asks as the operator's account, /);
  expect(err).toContain("ada may not impersonate system:serviceaccount:ashat-system:ashat");
  expect(err).toContain("kubectl config get-contexts");
});
