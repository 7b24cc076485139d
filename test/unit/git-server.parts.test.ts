import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCa, issue } from "../cluster/pki.ts";
import { GIT_ENV, runGit } from "../world/git-repository.ts";
import { type GitServer, startGitServer } from "../world/git-server.ts";

const WRITER = { ...GIT_ENV, GIT_AUTHOR_NAME: "ann", GIT_AUTHOR_EMAIL: "ann@example.com" };
const env = { ...WRITER, GIT_COMMITTER_NAME: "ann", GIT_COMMITTER_EMAIL: "ann@example.com" };

const withPassword = (url: string, password: string): string => url.replace("https://", `https://bot:${password}@`);

describe("a Git server over HTTPS that wants a name and a password", () => {
  let dir: string;
  let server: GitServer;
  const git = (args: readonly string[]): Promise<string> =>
    runGit(["-c", `http.sslCAInfo=${join(dir, "ca.crt")}`, ...args], "", env);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ashat-clone-"));
    const ca = await createCa("git test");
    await writeFile(join(dir, "ca.crt"), ca.certPem);
    const certificate = await issue(ca, { commonName: "git", ips: ["127.0.0.1"] });
    server = await startGitServer({ certificate, credentials: { username: "bot", password: "s3cret" } });
  });
  afterAll(async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test("is cloned, and what is pushed to it is there, by whom it was", async () => {
    const repository = await server.repository("deploy", { files: { "apps/a b.yaml": "tag: 1\n" } });
    const revision = await repository.commit(
      { "apps/a b.yaml": "tag: 2\n", "README.md": "# Hello" },
      "Two\n\nBecause.",
    );
    const clone = join(dir, "clone");
    await git(["clone", "--quiet", withPassword(repository.url, "s3cret"), clone]);
    expect((await runGit(["-C", clone, "rev-parse", "HEAD"])).trim()).toBe(revision);
    await writeFile(join(clone, "apps/a b.yaml"), "tag: 3\n");
    await git(["-C", clone, "commit", "--quiet", "-am", "Three"]);
    await git(["-C", clone, "push", "--quiet"]);
    expect(await repository.read("apps/a b.yaml")).toBe("tag: 3\n");
    const [newest, before] = await repository.log();
    expect(newest).toMatchObject({ author: "ann <ann@example.com>", message: "Three", files: ["apps/a b.yaml"] });
    expect(before).toMatchObject({ revision, message: "Two\n\nBecause.", files: ["README.md", "apps/a b.yaml"] });
    await repository.commit({ "README.md": null });
    await expect(repository.read("README.md")).rejects.toThrow("does not exist");
    expect(server.came).toContain("GET /deploy.git/info/refs?service=git-upload-pack 401");
  });

  test("a wrong password is refused", async () => {
    const repository = await server.repository("closed");
    await expect(git(["ls-remote", withPassword(repository.url, "wrong")])).rejects.toThrow("Authentication failed");
  });

  test("a protected branch takes no push, other branches do", async () => {
    const repository = await server.repository("protected");
    await repository.protect("main");
    const clone = join(dir, "protected");
    await git(["clone", "--quiet", withPassword(repository.url, "s3cret"), clone]);
    await writeFile(join(clone, "new"), "x");
    await git(["-C", clone, "add", "new"]);
    await git(["-C", clone, "commit", "--quiet", "-m", "New"]);
    await expect(git(["-C", clone, "push", "origin", "HEAD:main"])).rejects.toThrow(
      /remote: error: GH006: Protected branch update failed for refs\/heads\/main\.[^]*remote rejected[^]*hook declined/,
    );
    await git(["-C", clone, "push", "--quiet", "origin", "HEAD:proposal"]);
    expect(await repository.head("proposal")).not.toBe(await repository.head());
  });
});

test("a Git server over plain HTTP serves ten thousand files to anybody", async () => {
  const server = await startGitServer();
  const files = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, i) => [`apps/${i}/kustomization.yaml`, `n: ${i}\n`]),
  );
  const repository = await server.repository("large", { files });
  const refs = await runGit(["ls-remote", repository.url]);
  expect(refs).toContain(await repository.head());
  expect(await repository.read("apps/9999/kustomization.yaml")).toBe("n: 9999\n");
  await server.stop();
});
