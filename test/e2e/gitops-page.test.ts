import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import { type Flux, startFlux } from "../cluster/flux.ts";
import { installKinds } from "../cluster/foreign-kinds.ts";
import { issue } from "../cluster/pki.ts";
import { progressLine } from "../cluster/progress.ts";
import { until } from "../cluster/until.ts";
import { codeBlocks } from "../unit/markdown.ts";
import { GIT_ENV, runGit } from "../world/git-repository.ts";
import { type GitServer, type ServedRepository, startGitServer } from "../world/git-server.ts";
import { openScene } from "../world/scene.ts";
import { updatesIn } from "../world/updates.ts";

/** Runs docs/gitops.md from top to bottom, as its reader would, in a clone: with Flux, with a Git server, with what Argo CD keeps its settings in. */

const ROOT = new URL("../../", import.meta.url).pathname;
const page = await readFile(join(ROOT, "docs/gitops.md"), "utf8");
const CREDENTIALS = { username: "ashat", password: "what-the-page-calls-GIT_TOKEN" };
const NAMESPACES = ["shop", "tools", "argocd"];

const scene = openScene();
const { kubectl } = scene.cluster;
let dir: string;
let git: GitServer;
let flux: Flux | undefined;
let repository: ServedRepository;
let env: NodeJS.ProcessEnv;
let ann: string;

const deleteNamespaces = (): Promise<unknown> =>
  kubectl(["delete", "namespace", ...NAMESPACES, "--ignore-not-found", "--timeout=90s"]);

/** What somebody has who runs Argo CD: its settings, and the account behind its buttons. */
const argoSettings = ["argocd-cm", "argocd-rbac-cm"].map((name) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "argocd" },
  data: { theirs: "stays" },
}));

// A first build of Flux is most of this.
beforeAll(async () => {
  const { ca, archives, dir: world } = scene.world();
  await archives.lay("well", Buffer.from("All is well."));
  dir = await mkdtemp(join(tmpdir(), "ashat-gitops-"));
  const certificate = await issue(ca, { commonName: "git", ips: ["127.0.0.1"] });
  git = await startGitServer({ certificate, credentials: CREDENTIALS });
  repository = await git.repository("deploy");
  await writeFile(join(dir, "ca.crt"), ca.certPem);
  await symlink(ROOT, join(dir, "ashat"));
  await mkdir(join(dir, "home"));
  const basic = Buffer.from(`${CREDENTIALS.username}:${CREDENTIALS.password}`).toString("base64");
  const settings = {
    "http.extraHeader": `Authorization: Basic ${basic}`,
    "user.name": "dev",
    "user.email": "dev@example.com",
  };
  env = {
    ...GIT_ENV,
    PATH: [dirname(scene.cluster.kubectlPath), process.env["PATH"]].join(delimiter),
    HOME: join(dir, "home"),
    KUBECONFIG: scene.cluster.kubeconfig,
    GIT_TOKEN: CREDENTIALS.password,
    GIT_SSL_CAINFO: join(dir, "ca.crt"),
    GIT_CONFIG_COUNT: String(Object.keys(settings).length),
    ...Object.fromEntries(
      Object.entries(settings).flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
  ann = await scene.cluster.kubeconfigFor("ann");
  await runGit(["clone", "--quiet", repository.url, join(dir, "deploy")], "", env);
  await deleteNamespaces();
  flux = await startFlux(scene.cluster, world, (progress) => console.error(progressLine(progress)));
  await installKinds(scene.cluster, "argocd");
  await kubectl(["create", "namespace", "argocd"]);
  await kubectl(["create", "serviceaccount", "argocd-server", "-n", "argocd"]);
  for (const object of argoSettings) await kubectl(["create", "-f", "-"], { stdin: JSON.stringify(object) });
}, 1_200_000);

afterAll(async () => {
  // Flux would bring back what is deleted before it, and the operator lets go of what it held while it still runs.
  await kubectl(["delete", "kustomizations.kustomize.toolkit.fluxcd.io", "--all", "-n", "shop", "--timeout=60s"]);
  await kubectl(["delete", "deployments.ashat.raos.io,servers.ashat.raos.io", "--all", "-n", "shop", "--timeout=60s"]);
  await until("nothing is held any more", async () => {
    const jobs = await kubectl(["get", "jobs", "-n", "shop", "-o", "jsonpath={.items[*].metadata.finalizers}"]);
    return jobs.stdout === "";
  });
  await deleteNamespaces();
  await flux?.stop();
  await git?.stop();
  await rm(dir, { recursive: true, force: true });
}, 240_000);

/** The page with the addresses of this machine, where is no node to run pods, and nobody who waits a minute. */
const here = (text: string): string =>
  text
    .replaceAll("https://git.example/deploy.git", repository.url)
    .replaceAll(/https:\/\/(staging\.)?shop\.example/g, scene.world().archives.urlOf("well"))
    .replaceAll("replicas: 1", "replicas: 0")
    .replaceAll("interval: 1m", "interval: 2s");

/** Acting on a tier is what ann does; everything else an administrator. */
const sh = async (block: string): Promise<string> => {
  const who = block.includes("--field-manager=ashat") ? { KUBECONFIG: ann } : {};
  const options = { cwd: join(dir, "deploy"), env: { ...env, ...who } };
  return (await promisify(execFile)("sh", ["-euc", here(block)], options)).stdout;
};

const blocks = codeBlocks(page, "sh");
const yaml = codeBlocks(page, "yaml");
const startOf = (block: string): string => block.split("\n")[0] ?? "";

/** What the page says that a command says, by a part of the command. */
const SAID: readonly (readonly [string, (said: string) => void])[] = [
  [
    '@.gate=="approvals")].command',
    (said) => expect(said).toMatch(/^kubectl annotate .* --field-manager=ashat .*approve/m),
  ],
  ['@.spec.to=="Delivering"', (said) => expect(textOf(said)).toContain(textOf(told("known")))],
  ["git log -1", (said) => expect(trailers(said)).toEqual(trailers(told("Ashat-Update")))],
  [
    "By hand",
    (said) =>
      expect(said).toContain("it runs shop 9.4.0, but 9.4.1 was delivered by deployments.ashat.raos.io/shop-9.4.1"),
  ],
  [
    "cat apps/shop/production",
    (said) => {
      expect(said).toContain("newTag: 9.4.1");
      expect(said).toContain("registry.example/shop   # the only line of its kind");
    },
  ],
  ["git mv", (said) => expect(said).toMatch(/it names [0-9a-f]{16}, and the token is [0-9a-f]{16}/)],
];
const told = (part: string): string => codeBlocks(page, "text").find((block) => block.includes(part)) ?? "";
const textOf = (said: string): string => said.replaceAll(/main@sha1:[0-9a-f]{40}/g, "main@sha1:<commit>").trim();
/** Subject, description and what is said under which name; what differs from one cluster to the next is its business. */
const trailers = (message: string): readonly string[] =>
  message
    .trim()
    .split("\n")
    .map((line) =>
      line
        .replace(/^(Ashat-(?:Order|Wrote|Token|Values|Seal)): .*/, "$1")
        .replace(/\(\S+\)$/, "")
        .replace(/sha256:\S+$/, ""),
    );

describe("docs/gitops.md", () => {
  let broken: string | undefined;
  it.each(blocks.map((block) => ({ block, first: startOf(block) })))(
    "works as it stands: $first",
    async ({ block, first }) => {
      expect(broken, "what stands before it works").toBeUndefined();
      broken = first;
      const said = await sh(block);
      for (const [part, check] of SAID) if (block.includes(part)) check(said);
      broken = undefined;
    },
    300_000,
  );

  it.each(SAID)("has one block with %s, whose words are compared", (part) => {
    expect(blocks.filter((block) => block.includes(part))).toHaveLength(1);
  });

  it("left chains of records that prove themselves, of updates that are in Git and of one that is gone", async () => {
    const updates = updatesIn(scene.cluster, scene.client(), "shop");
    const approvers = async (name: string) =>
      (await updates.records(name)).find(({ to, tier }) => to === "Delivering" && tier === "omega")?.approvals;
    expect(await approvers("shop-9.4.1")).toMatchObject([{ user: "ann", reason: "seen on staging" }]);
    for (const name of ["shop-9.4.1", "shop-9.4.3"]) expect(verifyChain(await updates.records(name))).toEqual([]);
    const { stdout } = await kubectl(["get", "deploymentrecords.ashat.raos.io", "-n", "shop", "-o", "name"]);
    expect(stdout).toContain("/shop-9.4.2-");
  });

  it("took nothing out of the settings of Argo CD", async () => {
    for (const { metadata } of argoSettings) {
      const { stdout } = await kubectl(["get", "configmap", metadata.name, "-n", "argocd", "-o", "json"]);
      expect((JSON.parse(stdout) as { readonly data: object }).data).toMatchObject({ theirs: "stays" });
    }
  });

  it("has a Server for Argo CD that may take the place of the one for Flux", async () => {
    const [server = ""] = yaml.filter((block) => block.includes("argocd"));
    const { stdout } = await kubectl(["replace", "--dry-run=server", "-f", "-"], { stdin: here(server) });
    expect(stdout).toContain("server.ashat.raos.io/production replaced");
  });

  it("has a Server that is a cluster, and what its operator may is enough", async () => {
    const [server = ""] = yaml.filter((block) => block.includes("kubernetes:"));
    await kubectl(["apply", "-f", "-"], { stdin: here(server) });
    const ready = ["wait", "--for=condition=Ready", "servers.ashat.raos.io/staging", "-n", "tools", "--timeout=60s"];
    await kubectl(ready);
  });
});
