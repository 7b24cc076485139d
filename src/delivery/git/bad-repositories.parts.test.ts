import { writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  assignment,
  credentialsOf,
  type GitScene,
  kustomization,
  openGitScene,
  PASSWORD,
  REF,
} from "../../../test/world/git-scene.ts";
import { addressRules, type Resolve } from "../../dial/address-rules.ts";
import type { GitDeliverer } from "./deliverer.ts";
import type { GitPlace } from "./target.ts";

let scene: GitScene;
let deliverer: GitDeliverer;
let url = "";
beforeAll(async () => {
  scene = await openGitScene();
  deliverer = await scene.deliverer({ deadlineMs: 20_000 });
  const files = { "apps/ra/staging/kustomization.yaml": kustomization("1.0.0", "a") };
  url = (await scene.git.repository("deploy", { files })).url;
});
afterAll(() => scene.end());

const toLoopback: Resolve = (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
const never = new AbortController().signal;

/** All three questions end with the same sentence: whoever asks first tells it. */
const answersAt = async (place: GitPlace) => {
  const all = [
    await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never),
    await deliverer.report(place, "uid-1.ra.main.1", never),
    await deliverer.observe(place, never),
  ];
  expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(JSON.stringify(all)).not.toContain(PASSWORD);
  const [first] = all;
  if (first === undefined || first.state === "Answered") throw new Error(JSON.stringify(first));
  expect(first.message).toMatch(/\.$/);
  return first;
};

const ca = () => ({ "ca.crt": scene.ca.certPem });

test.each<readonly [string, () => Partial<GitPlace>, object, string]>([
  [
    "a repository nobody listens at",
    () => ({ url: "https://127.0.0.1:1/deploy.git" }),
    { state: "Unreachable" },
    "https://127.0.0.1:1/deploy.git cannot be reached",
  ],
  [
    "a host nobody knows",
    () => ({ url: "https://nowhere.invalid/deploy.git" }),
    { state: "Unreachable" },
    "nowhere.invalid has no address",
  ],
  [
    "a wrong password",
    () => ({ credentials: credentialsOf({ username: "bot", password: "wrong", ...ca() }) }),
    { state: "Refused", status: 401, reason: "Unauthorized" },
    "does not accept the credentials",
  ],
  [
    "no password",
    () => ({ credentials: credentialsOf(ca()) }),
    { state: "Refused", status: 401, reason: "Unauthorized" },
    "does not accept the credentials",
  ],
  [
    "a certificate of an authority nobody trusts",
    () => ({ credentials: credentialsOf({ username: "bot", password: PASSWORD }) }),
    { state: "WrongCertificate" },
    "ca.crt",
  ],
  [
    "a repository that is not there",
    () => ({ url: `${scene.git.url}/other.git` }),
    { state: "Refused", reason: "RepositoryMissing" },
    "There is no repository",
  ],
  ["a branch that is not there", () => ({ branch: "release" }), { reason: "BranchMissing" }, "has no branch release"],
  [
    "a password over plain http",
    () => ({ url: "http://127.0.0.1:1/deploy.git" }),
    { reason: "UrlRefused" },
    "plain http",
  ],
  [
    "a password in the URL",
    () => ({ url: url.replace("://", "://a:b@") }),
    { reason: "UrlRefused" },
    "credentials in it",
  ],
  ["a path of this machine", () => ({ url: "/etc" }), { reason: "UrlRefused" }, "no https:// or ssh:// URL"],
  ["a program as URL", () => ({ url: "ext::sh -c id" }), { reason: "UrlRefused" }, "no https:// or ssh:// URL"],
  ["ssh without a key", () => ({ url: "ssh://git@127.0.0.1/x" }), { reason: "CredentialsMissing" }, "identity"],
  [
    "a host that begins like an option",
    () => ({ url: "ssh://-oProxyCommand=id/x", credentials: { ssh: { identity: "x", knownHosts: "x" } } }),
    { reason: "UrlRefused" },
    "no https:// or ssh:// URL",
  ],
  [
    "the address where a cloud tells its secrets",
    () => ({ url: "https://169.254.169.254/x.git" }),
    { state: "AddressRefused" },
    "a cloud hands out",
  ],
])("%s is told in one sentence", async (_, place, answer, words) => {
  const got = await answersAt(scene.place(url, place()));
  expect(got).toMatchObject(answer);
  expect(got.message).toContain(words);
});

test("a name that leads to this machine is not asked", async () => {
  const judging = await scene.deliverer({
    addresses: addressRules({ allow: [], remedy: (range) => `Allow ${range}.` }),
  });
  const place = scene.place(url.replace("127.0.0.1", "localhost"));
  const before = scene.git.came.length;
  expect(await judging.observe(place, never)).toMatchObject({ state: "AddressRefused" });
  expect(scene.git.came.length).toBe(before);
});

test("the address that was judged is the one that is asked, whatever the resolver says later", async () => {
  const pinned = await scene.deliverer({
    addresses: addressRules({ allow: ["127.0.0.0/8"], remedy: () => "", resolve: toLoopback }),
  });
  const place = scene.place(url.replace("127.0.0.1", "git.invalid"));
  // It is connected to, and its certificate has another name.
  expect(await pinned.observe(place, never)).toMatchObject({ state: "WrongCertificate" });
});

test("a protected branch is told in the words of the server", async () => {
  const there = await scene.git.repository("protected", {
    files: { "apps/ra/staging/kustomization.yaml": kustomization("1.0.0", "a") },
  });
  await there.protect("main");
  const answer = await deliverer.deliver(scene.place(there.url), assignment(1, "2.0.0", "b"), never);
  expect(answer).toMatchObject({ state: "Refused", status: 403, reason: "BranchProtected" });
  expect(JSON.stringify(answer)).toMatch(/GH006.*through a pull request.*deliver by git.pullRequest/);
  expect(await there.log()).toHaveLength(1);
});

test("a server that never answers is left at the deadline, and nothing of git goes on", async () => {
  const ended: Promise<unknown>[] = [];
  const server = createServer((socket) => ended.push(once(socket.resume(), "close")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const impatient = await scene.deliverer({ deadlineMs: 300 });
  const place = scene.place(`https://127.0.0.1:${port}/deploy.git`);
  expect(await impatient.observe(place, never)).toMatchObject({ state: "Unreachable" });
  const stop = new AbortController();
  const patient = await scene.deliverer();
  const asked = patient.observe(place, stop.signal);
  server.once("connection", () => stop.abort(new Error("stopped")));
  await expect(asked).rejects.toThrow("stopped");
  // Whoever is killed hangs up.
  expect(ended.length).toBeGreaterThan(1);
  await Promise.all(ended);
  await new Promise((resolve) => server.close(resolve));
});

test.each<readonly [string, string, Readonly<Record<string, string>>, Partial<GitPlace>, string, string]>([
  [
    "a file that is not there",
    "a",
    { "README.md": "" },
    {},
    "FileMissing",
    "There is no file apps/ra/staging/kustomization.yaml on main",
  ],
  [
    "an image that is not there",
    "b",
    { "apps/ra/staging/kustomization.yaml": "images: []\n" },
    {},
    "PathMissing",
    `no entry ${REF} in images`,
  ],
  ["a file that is a folder", "c", { "apps/ra/staging/kustomization.yaml/x": "" }, {}, "NotAFile", "is a folder"],
  [
    "a file that is no YAML",
    "d",
    { "apps/ra/staging/kustomization.yaml": "images: [\n" },
    {},
    "FileUnreadable",
    "line 2",
  ],
  ["a file outside", "e", { "README.md": "" }, { path: "../x" }, "OutsidePath", "nothing is written outside"],
])("%s is told in one sentence, and nothing is written", async (_, name, files, more, reason, words) => {
  const there = await scene.git.repository(`bad-${name}`, { files });
  const answer = await deliverer.deliver(scene.place(there.url, more), assignment(1, "2.0.0", "b"), never);
  expect(answer).toMatchObject({ state: "Refused", reason });
  expect(JSON.stringify(answer)).toContain(words);
  expect(await there.log()).toHaveLength(1);
});

test.each([
  ["a symbolic link", "120000", "apps/ra/staging/kustomization.yaml", "is a symbolic link"],
  ["a folder that is a symbolic link", "120000", "apps/ra", "apps/ra on main is a symbolic link"],
  ["a submodule", "160000", "apps/ra/staging/kustomization.yaml", "is a submodule"],
])("%s in the place of the file is not followed", async (name, mode, path, words) => {
  const there = await scene.git.repository(`odd-${name.replaceAll(" ", "-")}`);
  await writeFile(join(there.dir, "target"), "../secret");
  const blob =
    mode === "160000" ? await there.head() : (await there.git(["hash-object", "-w", "--stdin"], "../secret")).trim();
  const nested = path.split("/").toReversed();
  let id = blob;
  let entry = `${mode} ${mode === "160000" ? "commit" : "blob"} ${id}\t${nested[0]}\n`;
  for (const folder of [...nested.slice(1), undefined]) {
    id = (await there.git(["mktree"], entry)).trim();
    entry = `040000 tree ${id}\t${folder}\n`;
  }
  const who = ["-c", "user.name=dev", "-c", "user.email=dev@example.com"];
  const commit = (await there.git([...who, "commit-tree", "-m", "odd", id])).trim();
  await there.git(["update-ref", "refs/heads/main", commit]);
  const answer = await deliverer.deliver(scene.place(there.url), assignment(1, "2.0.0", "b"), never);
  expect(answer).toMatchObject({ state: "Refused", reason: "NotAFile" });
  expect(JSON.stringify(answer)).toContain(words);
});
