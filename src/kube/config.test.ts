import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { inCluster, loadConfig } from "./config.ts";
import { tokenFile } from "./token.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");
const kubeconfig = async (
  name: string,
  more: { readonly cluster?: object; readonly user?: object } = {},
): Promise<string> => {
  const path = join(folder, name);
  await writeFile(
    path,
    stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "first",
      clusters: [{ name: "c", cluster: { server: "https://c.example:6443", ...more.cluster } }],
      users: [{ name: "u", user: more.user ?? { token: "t0p" } }],
      contexts: [
        { name: "first", context: { cluster: "c", user: "u", namespace: "team" } },
        { name: "second", context: { cluster: "c", user: "u" } },
      ],
    }),
  );
  return path;
};

test("a kubeconfig with a token and a CA inside", async () => {
  const path = await kubeconfig("config", { cluster: { "certificate-authority-data": base64("CA") } });
  const config = await loadConfig({ kubeconfig: path, env: {} });
  expect(config).toMatchObject({ server: "https://c.example:6443", tls: { ca: "CA" }, namespace: "team" });
  expect(await config.authorization(false)).toBe("Bearer t0p");
});

test("certificates in files are found beside the kubeconfig; data inside wins", async () => {
  await writeFile(join(folder, "cert.pem"), "CERT");
  await writeFile(join(folder, "key.pem"), "KEY");
  const user = { "client-certificate": "cert.pem", "client-key": "key.pem", "client-key-data": base64("INNER") };
  const config = await loadConfig({ kubeconfig: await kubeconfig("config", { user }), env: {} });
  expect(config.tls).toEqual({ cert: "CERT", key: "INNER" });
  expect(await config.authorization(false)).toBeUndefined();
});

test("name and password, a token file, impersonation and an insecure server", async () => {
  await writeFile(join(folder, "token"), "from-file\n");
  const basic = await loadConfig({
    kubeconfig: await kubeconfig("a", { user: { username: "me", password: "pw" } }),
    env: {},
  });
  expect(await basic.authorization(false)).toBe(`Basic ${base64("me:pw")}`);
  const file = await loadConfig({
    kubeconfig: await kubeconfig("b", { user: { tokenFile: "token", as: "alice", "as-groups": ["dev"] } }),
    env: {},
  });
  expect(await file.authorization(false)).toBe("Bearer from-file");
  expect(file.headers).toEqual({ "impersonate-user": "alice", "impersonate-group": ["dev"] });
  const insecure = await loadConfig({
    kubeconfig: await kubeconfig("c", { cluster: { "insecure-skip-tls-verify": true } }),
    env: {},
  });
  expect(insecure.tls.insecure).toBe(true);
});

test("an exec user is asked for its token by the command of the kubeconfig", async () => {
  const reply = JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "by-exec" },
  });
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "/bin/sh",
    args: ["-c", `echo '${reply}'`],
    interactiveMode: "Never",
  };
  const config = await loadConfig({ kubeconfig: await kubeconfig("config", { user: { exec } }), env: {} });
  expect(await config.authorization(false)).toBe("Bearer by-exec");
  expect(await config.authorization(true)).toBe("Bearer by-exec");
});

test("the first existing file of KUBECONFIG counts; a list of which none exists is an error, not another cluster", async () => {
  const path = await kubeconfig("config");
  const env = { KUBECONFIG: `${folder}/missing:${path}`, HOME: folder };
  expect((await loadConfig({ env })).namespace).toBe("team");
  await expect(loadConfig({ env: { KUBECONFIG: `${folder}/missing`, HOME: folder } })).rejects.toThrow(
    /no such file exists/,
  );
});

test("the usual place in the home folder, and another context by name", async () => {
  await mkdir(join(folder, ".kube"));
  await kubeconfig(".kube/config");
  expect((await loadConfig({ env: { HOME: folder }, context: "second" })).namespace).toBe("default");
  await expect(loadConfig({ env: { HOME: folder }, context: "third" })).rejects.toThrow(
    'no context named "third"; it has: first, second.',
  );
});

test("a file that is no kubeconfig is refused without quoting it", async () => {
  const path = join(folder, "config");
  await writeFile(path, "token: [canary");
  await expect(loadConfig({ kubeconfig: path, env: {} })).rejects.toThrow(/^The kubeconfig \S+ is not YAML\.$/);
  await writeFile(path, "users: canary");
  await expect(loadConfig({ kubeconfig: path, env: {} })).rejects.toThrow(
    /^The kubeconfig \S+ cannot be used: wrong or missing users\.$/,
  );
});

test("nothing configured is an error that names the ways out", async () => {
  await expect(loadConfig({ env: { HOME: folder } })).rejects.toThrow(
    /name a kubeconfig file, set KUBECONFIG, or run inside a pod/,
  );
});

test("inside a pod the mounted account is used, also over IPv6", async () => {
  await writeFile(join(folder, "ca.crt"), "CA");
  await writeFile(join(folder, "namespace"), "own\n");
  await writeFile(join(folder, "token"), "pod");
  const config = await inCluster("fd00::1", "443", folder);
  expect(config).toMatchObject({ server: "https://[fd00::1]:443", tls: { ca: "CA" }, namespace: "own" });
  expect(await config.authorization(false)).toBe("Bearer pod");
});

test("a token file is read again after a minute, and at once when the server refused the token", async () => {
  const path = join(folder, "token");
  const clock = { at: 0 };
  const token = tokenFile(path, () => clock.at);
  await writeFile(path, "one");
  expect(await token(false)).toBe("Bearer one");
  await writeFile(path, "two");
  clock.at = 59_999;
  expect(await token(false)).toBe("Bearer one");
  clock.at = 60_000;
  expect(await token(false)).toBe("Bearer two");
  await writeFile(path, "three");
  expect(await token(true)).toBe("Bearer three");
});
