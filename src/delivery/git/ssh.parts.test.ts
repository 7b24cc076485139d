import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  assignment,
  credentialsOf,
  type GitScene,
  kustomization,
  openGitScene,
  restoring,
} from "../../../test/world/git-scene.ts";
import { newKey, noSshd, type Sshd, startSshd } from "../../../test/world/sshd.ts";

const missing = noSshd();
if (missing !== undefined && process.env["CI"] !== undefined) throw new Error(missing);

describe.skipIf(missing !== undefined)(`over ssh${missing === undefined ? "" : `: ${missing}`}`, () => {
  let scene: GitScene;
  let sshd: Sshd;
  beforeAll(async () => {
    [scene, sshd] = [await openGitScene(), await startSshd()];
  });
  afterAll(async () => {
    await sshd.stop();
    await scene.end();
  });

  const never = new AbortController().signal;
  const open = async (name: string) => {
    const files = { "apps/ra/staging/kustomization.yaml": kustomization("1.0.0", "a") };
    const there = await scene.git.repository(name, { files });
    return { there, url: `ssh://${sshd.user}@127.0.0.1:${sshd.port}${there.dir}` };
  };
  const credentials = () => credentialsOf({ identity: sshd.identity, known_hosts: sshd.knownHosts });

  test("a delivery and its restore go through, and no key stays", async () => {
    const { there, url } = await open("ssh");
    const folder = join(scene.folder, "ssh");
    const deliverer = await scene.deliverer({ folder });
    const place = scene.place(url, { credentials: credentials() });
    expect(await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never)).toMatchObject({
      report: { state: "Applied", revision: await there.head() },
    });
    expect(await there.read("apps/ra/staging/kustomization.yaml")).toBe(kustomization("2.0.0", "b"));
    await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never);
    expect(await there.read("apps/ra/staging/kustomization.yaml")).toBe(kustomization("1.0.0", "a"));
    expect(readdirSync(folder).filter((name) => !name.startsWith("mirror-"))).toEqual([]);
  });

  test("a host with another key is told nothing", async () => {
    const { there, url } = await open("other-host");
    const deliverer = await scene.deliverer();
    const wrong = credentialsOf({ identity: sshd.identity, known_hosts: sshd.otherHost });
    const answer = await deliverer.deliver(
      scene.place(url, { credentials: wrong }),
      assignment(1, "2.0.0", "b"),
      never,
    );
    expect(answer).toMatchObject({ state: "WrongCertificate" });
    expect(JSON.stringify(answer)).toContain("known_hosts");
    const unknown = credentialsOf({
      identity: sshd.identity,
      known_hosts: sshd.knownHosts.replace("127.0.0.1", "git.example"),
    });
    expect(await deliverer.observe(scene.place(url, { credentials: unknown }), never)).toMatchObject({
      state: "WrongCertificate",
    });
    expect(await there.log()).toHaveLength(1);
  });

  test("a key that nobody let in is told", async () => {
    const { url } = await open("other-key");
    const { secret } = await newKey(scene.folder, "nobody");
    const deliverer = await scene.deliverer();
    const place = scene.place(url, { credentials: credentialsOf({ identity: secret, known_hosts: sshd.knownHosts }) });
    expect(await deliverer.observe(place, never)).toMatchObject({
      state: "Refused",
      status: 401,
      reason: "Unauthorized",
    });
  });
});
