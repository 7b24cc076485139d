import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../../test/cluster/until.ts";
import {
  assignment,
  credentialsOf,
  type GitScene,
  kustomization,
  openGitScene,
  PASSWORD,
} from "../../../test/world/git-scene.ts";
import { newKey } from "../../../test/world/sshd.ts";

let scene: GitScene;
beforeAll(async () => {
  scene = await openGitScene();
});
afterAll(() => scene.end());

const never = new AbortController().signal;
const run = promisify(execFile);

/** Every process that runs now: its name, command line and environment, where these may be read. */
const processes = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const of = (file: string): string => readFileSync(`/proc/${pid}/${file}`, "latin1");
        return [{ pid, name: of("comm").trim(), cmdline: of("cmdline"), environ: of("environ") }];
      } catch {
        return [];
      }
    });

test("while git pushes, the password is on no command line, in no other environment, and afterwards in no file", async () => {
  const files = { "apps/ra/staging/kustomization.yaml": kustomization("1.0.0", "a") };
  const there = await scene.git.repository("secrets", { files });
  const key = await newKey(scene.folder, "signing");
  const credentials = credentialsOf({
    username: "bot",
    password: PASSWORD,
    "ca.crt": scene.ca.certPem,
    "signing-key": key.secret,
  });
  const waits = join(scene.folder, "waits");
  const go = join(scene.folder, "go");
  await there.hook("pre-receive", `touch ${waits}; while [ ! -e ${go} ]; do sleep 0.05; done`);
  const folder = join(scene.folder, "watched");
  const deliverer = await scene.deliverer({ folder });
  const delivered = deliverer.deliver(scene.place(there.url, { credentials }), assignment(1, "2.0.0", "b"), never);
  await until("the push has come", () => existsSync(waits));
  const encoded = Buffer.from(`bot:${PASSWORD}`).toString("base64");
  const running = processes();
  const secrets = [PASSWORD, encoded, key.secret.split("\n")[2] ?? "?"];
  const holding = running.filter(({ environ }) => secrets.some((secret) => environ.includes(secret)));
  const shown = running.filter(({ cmdline }) => secrets.some((secret) => cmdline.includes(secret)));
  await writeFile(go, "");
  const answer = await delivered;
  expect(answer).toMatchObject({ state: "Answered", report: { state: "Applied" } });
  expect(JSON.stringify(answer)).not.toContain(PASSWORD);
  expect(shown).toEqual([]);
  expect(holding.map(({ name }) => name)).toContain("git-remote-http");
  for (const { name, pid } of holding) expect(`${name} ${pid}`).toMatch(/^git(-remote-http)? /);
  for (const secret of secrets) {
    const found = await run("grep", ["-rlF", "-e", secret, folder]).then(
      ({ stdout }) => stdout,
      () => "",
    );
    expect(found).toBe("");
  }
  expect(readdirSync(folder).filter((name) => !name.startsWith("mirror-"))).toEqual([]);

  const commit = await there.head();
  const signers = join(scene.folder, "allowed_signers");
  await writeFile(signers, `operator@ashat.raos.io ${key.open}\n`);
  const verify = [
    "-c",
    "gpg.format=ssh",
    "-c",
    `gpg.ssh.allowedSignersFile=${signers}`,
    "verify-commit",
    "--raw",
    commit,
  ];
  await there.git(verify);
  await writeFile(signers, `operator@ashat.raos.io ${(await newKey(scene.folder, "stranger")).open}\n`);
  await expect(there.git(verify)).rejects.toThrow();
  await rm(signers);
});
