import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { issue } from "../../../test/cluster/pki.ts";
import { assignment, digest, type GitScene, kustomization, openGitScene } from "../../../test/world/git-scene.ts";

let scene: GitScene;
beforeAll(async () => {
  scene = await openGitScene();
});
afterAll(() => scene.end());

const never = new AbortController().signal;
const FILE = "apps/ra/staging/kustomization.yaml";

test("what a repository says about filters, hooks, submodules and settings of git starts nothing and changes nothing", async () => {
  const mark = join(scene.folder, "was-run");
  const program = `touch ${mark}`;
  const settings = [
    `[core]\n\thooksPath = .githooks\n\tsshCommand = ${program}\n\tfsmonitor = ${program}\n`,
    `[filter "own"]\n\tclean = ${program}\n\tsmudge = ${program}\n\trequired = true\n`,
    `[diff "own"]\n\ttextconv = ${program}\n\tcommand = ${program}\n`,
    `[http]\n\tproxy = http://127.0.0.1:1\n[credential]\n\thelper = "!${program}"\n`,
  ].join("");
  const there = await scene.git.repository("attacks", {
    files: {
      [FILE]: kustomization("1.0.0", "a"),
      ".gitattributes": "* text eol=crlf ident filter=own diff=own working-tree-encoding=UTF-16\n",
      "apps/ra/staging/.gitattributes": "*.yaml filter=own eol=crlf\n",
      ".gitmodules": `[submodule "x"]\n\tpath = x\n\turl = ${scene.git.url}/elsewhere.git\n\tupdate = !${program}\n`,
      ".lfsconfig": `[lfs]\n\turl = ${scene.git.url}/elsewhere.git\n`,
      ".gitconfig": settings,
      config: settings,
      ".githooks/pre-push": `#!/bin/sh\n${program}\n`,
      "hooks/pre-push": `#!/bin/sh\n${program}\n`,
    },
  });
  const before = scene.git.came.length;
  const deliverer = await scene.deliverer();
  expect(await deliverer.deliver(scene.place(there.url), assignment(1, "2.0.0", "b"), never)).toMatchObject({
    report: { state: "Applied" },
  });
  expect(await there.read(FILE)).toBe(kustomization("2.0.0", "b"));
  expect((await there.log())[0]?.files).toEqual([FILE]);
  expect(existsSync(mark)).toBe(false);
  expect(scene.git.came.slice(before).filter((request) => !request.includes("/attacks.git"))).toEqual([]);
});

test("a file beyond all measure is refused, and nothing is written", async () => {
  const there = await scene.git.repository("huge", { files: { [FILE]: `a: ${"x".repeat(17 * 1024 * 1024)}\n` } });
  const deliverer = await scene.deliverer();
  const answer = await deliverer.deliver(scene.place(there.url), assignment(1, "2.0.0", "b"), never);
  expect(answer.state).toBe("Garbage");
  expect(await there.log()).toHaveLength(1);
});

test("a server that leads elsewhere is not followed, and nobody else is told the password", async () => {
  const came: (string | undefined)[] = [];
  const { certPem: cert, keyPem: key } = await issue(scene.ca, { commonName: "git", ips: ["127.0.0.1"] });
  const elsewhere = createServer({ cert, key }, (request, response) => {
    came.push(request.url);
    response.end();
  });
  let to = "";
  const server = createServer({ cert, key }, (request, response) =>
    response.writeHead(302, { location: `${to}${request.url ?? ""}` }).end(),
  );
  const portOf = async (one: typeof server): Promise<number> => {
    one.listen(0, "127.0.0.1");
    await once(one, "listening");
    return (one.address() as AddressInfo).port;
  };
  const url = `https://127.0.0.1:${await portOf(server)}/deploy.git`;
  const other = `https://127.0.0.1:${await portOf(elsewhere)}`;
  try {
    const deliverer = await scene.deliverer();
    for (to of [other, "https://169.254.169.254"])
      expect(await deliverer.deliver(scene.place(url), assignment(1, "2.0.0", "b"), never)).toMatchObject({
        state: "Refused",
        reason: "UrlRefused",
      });
    expect(came).toEqual([]);
  } finally {
    for (const one of [server, elsewhere]) {
      one.closeAllConnections();
      one.close();
    }
  }
});

test("a history from which somebody took our commit by force is not believed to have it, and nothing is forced back", async () => {
  const there = await scene.git.repository("forced", { files: { [FILE]: kustomization("1.0.0", "a") } });
  const place = scene.place(there.url);
  const first = await there.head();
  const deliverer = await scene.deliverer();
  const order = assignment(1, "2.0.0", "b");
  await deliverer.deliver(place, order, never);
  const ours = await there.head();
  expect(await deliverer.report(place, order.key, never)).toMatchObject({ report: { revision: ours } });
  await there.git(["update-ref", "refs/heads/main", first]);
  const theirs = await there.commit({ "other.yaml": "a: 1\n" });
  expect(await deliverer.report(place, order.key, never)).toMatchObject({ state: "Refused", reason: "NotFound" });
  expect(await deliverer.observe(place, never)).toEqual({ state: "Answered", status: { apps: [], seen: [] } });
  expect(await deliverer.includes(place, ours, theirs, never)).toBe(false);
  await deliverer.deliver(place, assignment(2, "2.0.0", "b"), never);
  expect(await there.git(["merge-base", "--is-ancestor", theirs, "main"])).toBe("");
  expect(await deliverer.observe(place, never)).toMatchObject({ status: { apps: [{ digest: digest("b") }] } });
});
