import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_VERSION } from "../../src/api/group.ts";
import { issue } from "../cluster/pki.ts";
import { until } from "../cluster/until.ts";
import { sightings } from "../world/canaries.ts";
import { type GitServer, startGitServer } from "../world/git-server.ts";
import { openScene } from "../world/scene.ts";
import { newKey } from "../world/sshd.ts";

/** The credentials of a repository are in its Secret, and with the server they are for: nowhere else. */

const PASSWORD = "Canary/+pass word";
const scene = openScene();
const ends: (() => Promise<void>)[] = [];
let git: GitServer;
beforeAll(async () => {
  await scene.world().archives.lay("well", Buffer.from("All is well."));
  const certificate = await issue(scene.world().ca, { commonName: "git", ips: ["127.0.0.1"] });
  git = await startGitServer({ certificate, credentials: { username: "bot", password: PASSWORD } });
  ends.push(git.stop);
});
afterAll(async () => {
  for (const end of ends) await end();
});

const FILE = "apps/shop/settings.yaml";
const image = (version: string, letter: string): string =>
  `registry.example/shop:${version}@sha256:${letter.repeat(64)}`;

test("the credentials of a repository, which its server repeats aloud, are in no status, event, record, commit or log", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ashat-keys-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const key = await newKey(folder, "signing");
  const room = await scene.room("told");
  const { namespace } = room;
  const repository = await git.repository("told", { files: { [FILE]: `image: ${image("9.4.0", "0")}\n` } });
  const push = (name: string, version: string, letter: string): Promise<void> =>
    room.apply({
      apiVersion: API_VERSION,
      kind: "Deployment",
      metadata: { namespace, name },
      spec: {
        app: "shop",
        version,
        description: version,
        artifact: { image: { ref: "registry.example/shop", digest: `sha256:${letter.repeat(64)}` } },
      },
    });
  await repository.hook(
    "pre-receive",
    `echo "bot may not enter with ${PASSWORD}, that is ${Buffer.from(`bot:${PASSWORD}`).toString("base64")}" >&2; exit 1`,
  );
  await room.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace, name: "git" },
      stringData: {
        username: "bot",
        password: PASSWORD,
        "ca.crt": scene.world().ca.certPem,
        "signing-key": key.secret,
      },
    },
    {
      apiVersion: API_VERSION,
      kind: "Server",
      metadata: { namespace, name: "public" },
      spec: {
        tier: "Public",
        url: scene.world().archives.urlOf("well"),
        tls: { caSecretRef: { name: "git" } },
        git: {
          url: repository.url,
          path: "apps/{app}",
          secretRef: { name: "git" },
          change: [{ yaml: { file: "settings.yaml", path: "/image", value: "{ref}:{version}@{digest}" } }],
        },
      },
    },
  );
  await push("first", "9.4.1", "1");
  const refused = await room.untilUpdate("first", ({ message = "" }) => message.includes("may not enter with"));
  expect(refused.message).toContain("bot may not enter with ***, that is ***");
  await repository.hook("pre-receive", "exit 0");
  await push("second", "9.4.2", "2");
  await until("the second one has passed", async () =>
    (await room.records("second")).some(({ to, tier }) => to === "Passed" && tier === "public"),
  );
  expect(await repository.read(FILE)).toBe(`image: ${image("9.4.2", "2")}\n`);

  const texts = new Map<string, string>();
  const seen = async (what: string): Promise<void> => {
    const { stdout } = await scene.cluster.kubectl([
      "get",
      what,
      "-n",
      namespace,
      "-o",
      "json",
      "--show-managed-fields",
    ]);
    texts.set(what, stdout);
  };
  const kinds = ["deployments", "servers", "deploymentrecords"].map((plural) => `${plural}.ashat.raos.io`);
  for (const what of [...kinds, "jobs", "pods", "events.events.k8s.io"]) await seen(what);
  texts.set("the log", await readFile(join(scene.world().dir, "operator.log"), "utf8"));
  texts.set("the history", await repository.git(["log", "-p", "--all"]));
  texts.set("what was asked", git.came.join("\n"));
  expect(texts.get("events.events.k8s.io")).toContain("may not enter with ***");
  // And it would be found there.
  expect(sightings([{ what: "the version", secret: "9.4.2" }], texts).length).toBeGreaterThan(3);
  const [, body = "?"] = key.secret.split("\n");
  expect(
    sightings(
      [
        { what: "the password", secret: PASSWORD },
        { what: "the header", secret: `bot:${PASSWORD}` },
        { what: "the signing key", secret: body },
      ],
      texts,
    ),
  ).toEqual([]);
});
