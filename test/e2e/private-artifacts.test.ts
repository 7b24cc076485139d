import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_VERSION } from "../../src/api/group.ts";
import { issue } from "../cluster/pki.ts";
import { allowImpersonation, configMap, grant, manifest } from "../delivery/kubernetes-scene.ts";
import { archive, sha256 } from "../targets/archives.ts";
import { type FileServer, startFileServer } from "../targets/file-server.ts";
import { sightings } from "../world/canaries.ts";
import { type GitServer, startGitServer } from "../world/git-server.ts";
import { openScene } from "../world/scene.ts";

/** Manifests of a private repository and of private archives, with a Secret that an operator reads, uses and never tells. */

const PASSWORD = "Canary/+of the artifacts";
const scene = openScene();
let git: GitServer;
let files: FileServer;
beforeAll(async () => {
  await scene.world().archives.lay("well", Buffer.from("All is well."));
  const certificate = await issue(scene.world().ca, { commonName: "git", ips: ["127.0.0.1"] });
  git = await startGitServer({ certificate, credentials: { username: "bot", password: PASSWORD } });
  files = await startFileServer(certificate);
});
afterAll(async () => {
  await git?.stop();
  await files?.close();
});

test("what is missing in the Secret is told before anything is begun, then all goes through, and no word of it is anywhere", async () => {
  const room = await scene.room("private");
  const { namespace } = room;
  await grant(scene.cluster, namespace, "deployer");
  await allowImpersonation(scene.cluster, namespace, "deployer");
  const repository = await git.repository("private", {
    files: { "one.yaml": manifest(configMap("shop", { colour: "red" })) },
  });
  const bytes = archive("2.0.0", [{ name: "one.yaml", body: manifest(configMap("shop", { colour: "blue" })) }]);
  const basic = `Basic ${Buffer.from(`bot:${PASSWORD}`).toString("base64")}`;
  files.put("/shop.tgz", ({ headers }, response) => {
    if (headers.authorization === basic) response.writeHead(200).end(bytes);
    else response.writeHead(401, { "content-type": "text/plain" }).end(headers.authorization);
  });
  const secret = (password: string): object => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name: "deploy-read" },
    stringData: { username: "bot", password, "ca.crt": scene.world().ca.certPem },
  });
  const server = (hosts: readonly string[] | undefined): object => ({
    apiVersion: API_VERSION,
    kind: "Server",
    metadata: { namespace, name: "public" },
    spec: {
      tier: "Public",
      url: scene.world().archives.urlOf("well"),
      tls: { caSecretRef: { name: "archives" } },
      checks: { health: { path: "/well" } },
      kubernetes: {
        serviceAccountName: "deployer",
        healthySeconds: 0,
        artifactSecretRef: { name: "deploy-read", ...(hosts && { hosts }) },
      },
    },
  });
  const push = (name: string, version: string, artifact: object): Promise<void> =>
    room.apply({
      apiVersion: API_VERSION,
      kind: "Deployment",
      metadata: { namespace, name },
      spec: { version, description: `Shop ${version}`, artifact },
    });
  const colour = async (): Promise<string> =>
    (await scene.cluster.kubectl(["get", "configmap", "shop", "-n", namespace, "-o", "jsonpath={.data.colour}"]))
      .stdout;
  const passes = (name: string) =>
    room.untilUpdate(name, ({ tiers }) => tiers?.find((tier) => tier.name === "public")?.state === "Passed");
  const archived = { archive: { url: files.url("/shop.tgz"), sha256: sha256(bytes) } };

  await room.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace, name: "archives" },
      stringData: { "ca.crt": scene.world().ca.certPem },
    },
    server(undefined),
  );
  await push("first", "1.0.0", { git: { url: repository.url, commit: await repository.head() } });
  const without = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "reachable");
  expect(without.message).toContain(`Secret ${namespace}/deploy-read, which holds the credentials of artifacts`);
  await room.apply(secret(PASSWORD));
  await room.untilUpdate("first", ({ message = "" }) => message.includes("artifactSecretRef.hosts of the server"));
  expect(git.came).toEqual([]);
  await room.apply(server([new URL(git.url).host, new URL(files.url("/")).host]));
  await passes("first");
  expect(await colour()).toBe("red");

  await room.apply(secret("Canary/another"));
  await push("second", "2.0.0", archived);
  const held = await room.untilUpdate("second", ({ phase }) => phase === "Held");
  expect(held.message).toContain(`does not accept the credentials`);
  expect(held.message).toContain(`Secret ${namespace}/deploy-read, with the right to read`);
  await room.apply(secret(PASSWORD));
  await scene.cluster.kubectl(["delete", "deployments.ashat.raos.io/second", "-n", namespace]);
  await push("third", "2.0.0", archived);
  const done = await passes("third");
  expect(await colour()).toBe("blue");

  // What goes back needs nothing of it.
  await scene.cluster.kubectl(["delete", "secret", "deploy-read", "-n", namespace]);
  const token = done.tiers?.find(({ name }) => name === "public")?.token ?? "";
  await room.act("ann", "third", { verb: "rollback", tier: "public", token, reason: "red was better" });
  await room.untilUpdate("third", ({ phase }) => phase === "RolledBack");
  expect(await colour()).toBe("red");

  const texts = new Map<string, string>();
  const kinds = ["deployments", "servers", "deploymentrecords"].map((plural) => `${plural}.ashat.raos.io`);
  for (const what of [...kinds, "jobs", "pods", "configmaps", "events.events.k8s.io"]) {
    const get = ["get", what, "-n", namespace, "-o", "json", "--show-managed-fields"];
    texts.set(what, (await scene.cluster.kubectl(get)).stdout);
  }
  texts.set("the log", await readFile(join(scene.world().dir, "operator.log"), "utf8"));
  texts.set("what git was asked", git.came.join("\n"));
  // And it would be found there.
  expect(sightings([{ what: "the Secret", secret: "deploy-read" }], texts).length).toBeGreaterThan(2);
  const canaries = [PASSWORD, "Canary/another", `bot:${PASSWORD}`, "bot:Canary/another"];
  expect(
    sightings(
      canaries.map((one) => ({ what: one.slice(0, 6), secret: one })),
      texts,
    ),
  ).toEqual([]);
});
