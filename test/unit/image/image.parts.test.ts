import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { RUN } from "../../../scripts/image/config.ts";
import { type BuiltImage, buildImage } from "../../../scripts/image/build.ts";
import { identity, secureServer } from "../../checks/scene.ts";
import { createCa, issue } from "../../cluster/pki.ts";
import { startGitServer } from "../../world/git-server.ts";
import { listed, load, type Loaded } from "./archive.ts";
import { contained, type Ended, noContainers } from "./contained.ts";

const MIB = 2 ** 20;
const isDebian = await access("/usr/bin/dpkg-deb").then(
  () => true,
  () => false,
);
const inCi = (process.env["CI"] ?? "") !== "";
const noBuild =
  isDebian || inCi ? undefined : "an image is put together from Debian packages: this needs Debian 12 or newer";
const noRun = inCi ? undefined : await noContainers();

let dir: string;
let image: BuiltImage;
let loaded: Loaded;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-image-test-"));
  if (noBuild !== undefined) return;
  image = await buildImage({ out: join(dir, "one.tar"), tag: "ashat:test" });
  loaded = await load(join(dir, "one.tar"), join(dir, "loaded"));
}, 180_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

const needsBuild = ({ skip }: TestContext): void => skip(noBuild !== undefined, noBuild);

describe("the image", () => {
  test("the same content has the same digest, whatever it is called and wherever it is made", async (context) => {
    needsBuild(context);
    const again = await buildImage({ out: join(dir, "two", "image.tar"), tag: "other/name:1" });
    expect([again.id, again.digest]).toEqual([image.id, image.digest]);
  }, 180_000);

  test("it is smaller than 200 MiB, unpacked", (context) => {
    needsBuild(context);
    expect(image.bytes).toBeLessThan(200 * MIB);
    expect(image.bytes).toBeGreaterThan(100 * MIB);
  });

  test("the archive is what an engine loads: its layers are those that the configuration names, by hash", async (context) => {
    needsBuild(context);
    const hashes = await Promise.all(
      loaded.layers.map(
        async (layer) =>
          `sha256:${createHash("sha256")
            .update(await readFile(layer))
            .digest("hex")}`,
      ),
    );
    expect(loaded.config.rootfs.diff_ids).toEqual(hashes);
    expect(loaded.config.config).toEqual(RUN);
    expect(loaded.tags).toEqual(["ashat:test"]);
  });

  test("everything in it belongs to root, nobody else writes it, and nothing gives more rights to who runs it", async (context) => {
    needsBuild(context);
    const all = (await Promise.all(loaded.layers.map(listed))).flat();
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(({ owner }) => owner !== "0/0")).toEqual([]);
    expect(all.filter(({ mode }) => !/^[-d]rw[x-]r-[x-]r-[x-]$|^l/.test(mode)).map(({ path }) => path)).toEqual([
      "tmp/",
    ]);
  });

  test("it has no package manager, no interpreter but Node, and one shell, which git needs to start ssh", async (context) => {
    needsBuild(context);
    const all = (await Promise.all(loaded.layers.map(listed))).flat();
    const programs = all.flatMap(({ path }) => /^usr\/s?bin\/([^/]+)$/.exec(path)?.[1] ?? []);
    expect(programs.toSorted()).toEqual(["dash", "git", "node", "sh", "ssh", "ssh-keygen"]);
  });

  test("each Debian package in it is named for scanners and has its licence along", async (context) => {
    needsBuild(context);
    const all = (await Promise.all(loaded.layers.map(listed))).flat();
    const names = all.flatMap(({ path }) => /^var\/lib\/dpkg\/status\.d\/(.+)$/.exec(path)?.[1] ?? []);
    expect(names).toContain("libc6");
    const without = await Promise.all(
      names.map((name) =>
        access(join(loaded.rootfs, `usr/share/doc/${name}/copyright`)).then(
          () => [],
          () => [name],
        ),
      ),
    );
    expect(without.flat()).toEqual([]);
    expect(await readFile(join(loaded.rootfs, "var/lib/dpkg/status.d/git"), "utf8")).toMatch(
      /^Package: git\nVersion: /,
    );
  });
});

const inside = async (context: TestContext, args: readonly string[], more: readonly string[] = []): Promise<Ended> => {
  needsBuild(context);
  context.skip(noRun !== undefined, noRun);
  return contained(dir, loaded.rootfs, join(dir, "shared"), args, more);
};
const program = (...args: string[]): readonly string[] => [...RUN.Entrypoint, ...args];

test("where there is no Debian, one sentence says what is missing and what else builds it", async () => {
  const script = new URL("../../../scripts/image.ts", import.meta.url).pathname;
  const asked = promisify(execFile)(process.execPath, [script, "--out", join(dir, "none.tar")], { env: { PATH: dir } });
  await expect(asked).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^An image is put together from Debian packages, .* Dockerfile\.\n$/),
  });
  expect(await readdir(dir)).not.toContain("none.tar");
});

describe("run as a restricted pod runs it: no root, no capability, nothing writable but /tmp", () => {
  test("the program says what it can do", async (context) => {
    expect(await inside(context, program("operator", "--help"))).toMatchObject({
      code: 0,
      said: expect.stringContaining("Usage: ashat operator"),
    });
  });

  test("a check asks a real server and passes", async (context) => {
    needsBuild(context);
    const who = await identity();
    const url = await secureServer(who, (_request, response) => response.end("fine"));
    await mkdir(join(dir, "shared"), { recursive: true });
    await writeFile(join(dir, "shared", "ca.pem"), who.ca);
    const ended = await inside(context, program("check", "health", "--url", url, "--ca", "/tmp/ca.pem"));
    expect(ended).toMatchObject({ code: 0, said: expect.stringContaining("Health Check: Passed") });
  });

  test("git fetches from and pushes to a real server, and believes only the authorities it is told", async (context) => {
    needsBuild(context);
    const ca = await createCa("scene authority");
    const git = await startGitServer({
      certificate: await issue(ca, { commonName: "git", ips: ["127.0.0.1"] }),
      credentials: { password: "s3cret" },
    });
    context.onTestFinished(() => git.stop());
    const repository = await git.repository("deploy");
    await mkdir(join(dir, "shared"), { recursive: true });
    await writeFile(join(dir, "shared", "git-ca.pem"), ca.certPem);
    const login = `http.extraHeader=Authorization: Basic ${Buffer.from("bot:s3cret").toString("base64")}`;
    const script = [
      "set -e",
      "cd /tmp",
      `git -c "${login}" clone -q --bare --filter=blob:none ${repository.url} mirror`,
      "cd mirror",
      "tree=$(git rev-parse 'main^{tree}')",
      'commit=$(git -c user.name=a -c user.email=a@b commit-tree -p main -m "from the image" "$tree")',
      `git -c "${login}" push -q ${repository.url} "$commit:refs/heads/main"`,
      'echo "pushed $commit"',
    ].join("\n");
    expect((await inside(context, ["sh", "-c", script])).said).toMatch(/certificate/i);
    const { said, code } = await inside(context, ["sh", "-c", script], ["GIT_SSL_CAINFO=/tmp/git-ca.pem"]);
    expect([code, said.trim()]).toEqual([0, `pushed ${await repository.head()}`]);
  });

  test("git starts ssh by its command line, and ssh knows who it is", async (context) => {
    const { said } = await inside(
      context,
      ["git", "ls-remote", "ssh://git@127.0.0.1:1/deploy"],
      ["GIT_SSH_COMMAND=ssh -o BatchMode=yes -o UserKnownHostsFile=/tmp/known_hosts"],
    );
    expect(said).toMatch(/connect to host 127\.0\.0\.1 port 1: Connection refused/);
  });

  test("a commit is made and signed with an SSH key in /tmp, and nothing else can be written", async (context) => {
    const script = [
      "set -e",
      'ssh-keygen -q -t ed25519 -N "" -f /tmp/key',
      "git init -q /tmp/work",
      "cd /tmp/work",
      "echo 1 >file",
      "git add file",
      "git -c user.name=a -c user.email=a@b -c gpg.format=ssh -c user.signingkey=/tmp/key commit -q -S -m one",
      "git cat-file commit HEAD",
      "echo x >/ashat.mjs",
    ].join("\n");
    const { code, said } = await inside(context, ["sh", "-c", script]);
    expect(said).toContain("BEGIN SSH SIGNATURE");
    expect(said).toContain("Read-only file system");
    expect(code).not.toBe(0);
  });
});
