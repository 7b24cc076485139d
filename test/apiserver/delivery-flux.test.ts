import { afterAll, beforeAll, expect, test } from "vitest";
import { WaitFor } from "../../src/api/wait-for.ts";
import { KUSTOMIZATIONS } from "../../src/delivery/wait/kinds.ts";
import { lookAt, type Seen } from "../../src/delivery/wait/look.ts";
import { type Flux, startFlux } from "../cluster/flux.ts";
import { person, type Person } from "../cluster/person.ts";
import { createCa, issue } from "../cluster/pki.ts";
import { progressLine } from "../cluster/progress.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { type GitServer, startGitServer } from "../world/git-server.ts";
import { syncFromGit } from "../world/git-sync.ts";

/** Flux's own source-controller and kustomize-controller, and a real Git server. They look once an hour unless they are asked. */
const CREDENTIALS = { username: "flux", password: "what-flux-reads-with" };
const cluster = sharedCluster();
const heard = new Map<string, string>();
let flux: Flux;
let git: GitServer;
let root: Person;
let caPem: string;
beforeAll(async () => {
  const ca = await createCa("CA of the Git server");
  caPem = ca.certPem;
  git = await startGitServer({
    certificate: await issue(ca, { commonName: "git", ips: ["127.0.0.1"] }),
    credentials: CREDENTIALS,
  });
  root = await person(cluster, "root", ["system:masters"]);
  flux = await startFlux(cluster, cluster.dir, (progress) => console.error(progressLine(progress)));
}, 1_200_000);
afterAll(async () => {
  await flux?.stop();
  await git?.stop();
  await root?.client.close();
});

const NAME = "apps";
const stage = async ({ retryInterval = "2s" } = {}) => {
  const namespace = await newNamespace(cluster, "flux");
  const repository = await git.repository(namespace);
  const sync = await syncFromGit({
    cluster,
    client: root.client,
    namespace,
    name: NAME,
    repository,
    caPem,
    credentials: CREDENTIALS,
    spec: { wait: true, timeout: "3s", retryInterval },
  });
  const place = {
    wait: WaitFor.parse({ kustomization: { name: NAME }, healthySeconds: 1 }),
    namespace,
    app: "web",
    layer: "main",
  };
  const look = (commit: string, deliveredAt: number): Promise<Seen> =>
    lookAt(
      root.client,
      place,
      {
        commit,
        deliveredAt,
        contains: async (other) => {
          const base = await repository.git(["merge-base", commit, other]);
          return base.trim() === commit;
        },
      },
      heard,
      Date.now(),
      new AbortController().signal,
    );
  return {
    namespace,
    sync,
    look,
    push: (colour: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> =>
      repository.commit({
        "apps/one.yaml": JSON.stringify({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "one", namespace },
          data: { colour },
        }),
        ...Object.fromEntries(
          Object.entries(more).map(([path, object]) => [path, object === null ? null : JSON.stringify(object)]),
        ),
      }),
    comes: (state: Seen["state"], commit: string, deliveredAt: number): Promise<Seen> =>
      until(
        `it is ${state}`,
        async () => {
          const seen = await look(commit, deliveredAt);
          if (seen.state !== state) throw new Error(`${seen.state}: ${seen.message}`);
          return seen;
        },
        { timeoutMs: 90_000 },
      ),
  };
};

test("a commit that real Flux would come to in an hour is fetched because it is waited for, and becomes healthy", async () => {
  const { namespace, push, comes, sync } = await stage();
  const pushedAt = Date.now();
  const commit = await push("red");
  const seen = await comes("Healthy", commit, pushedAt);
  expect(seen.message).toContain(`Kustomization ${namespace}/${NAME} is healthy at ${commit.slice(0, 12)}`);
  const { metadata } = await root.client.get(KUSTOMIZATIONS, { namespace, name: NAME });
  expect((await sync.status()).status?.lastAppliedRevision).toBe(`main@sha1:${commit}`);
  // At rest it is neither asked again nor unhealthy, also while Flux reconciles the same revision again.
  await sync.reconcile();
  expect(await comes("Healthy", commit, pushedAt)).toMatchObject({ state: "Healthy" });
  expect(metadata.annotations?.["reconcile.fluxcd.io/requestedAt"]).not.toBe("");
  await sync.stop();
});

test("another commit that real Flux applies instead counts when it has ours in its past, and only then", async () => {
  const { push, comes, look, sync } = await stage();
  const pushedAt = Date.now();
  const ours = await push("red");
  const newer = await push("blue");
  await comes("Healthy", ours, pushedAt);
  expect((await sync.status()).status?.lastAppliedRevision).toBe(`main@sha1:${newer}`);
  const never = "f".repeat(40);
  expect(await look(ours, pushedAt)).toMatchObject({ state: "Healthy" });
  expect((await look(never, pushedAt).catch(() => ({ state: "Thrown" }))).state).not.toBe("Healthy");
  await sync.stop();
});

test(
  "a revision that never becomes healthy is named by real Flux, and the Healthy of before never counts",
  { timeout: 300_000 },
  async () => {
    // Longer than a try, which takes half a minute: where the next one is due before this one has failed, Flux begins it in the same moment.
    const { namespace, push, comes, look, sync } = await stage({ retryInterval: "35s" });
    const first = await push("red");
    await comes("Healthy", first, Date.now() - 1000);
    const pushedAt = Date.now();
    const sick = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "never", namespace },
      spec: {
        selector: { matchLabels: { app: "never" } },
        template: {
          metadata: { labels: { app: "never" } },
          spec: { nodeSelector: { kept: "away" }, containers: [{ name: "never", image: "never" }] },
        },
      },
    };
    const second = await push("blue", { "apps/never.yaml": sick });
    const named = /Deployment\/.*never/;
    // Flux says it between two tries, and whoever looks then remembers it.
    await until(
      "what is unhealthy is named",
      async () => {
        const seen = await look(second, pushedAt);
        if (seen.state === "Unhealthy" && named.test(seen.message)) return true;
        throw new Error(`${seen.state}: ${seen.message}`);
      },
      { timeoutMs: 120_000 },
    );
    // While it tries again Flux itself says no more what it was.
    const again = await until(
      "it tries again",
      async () => {
        const seen = await look(second, pushedAt);
        return seen.message.includes("tries again") && seen;
      },
      { timeoutMs: 90_000 },
    );
    expect(again).toMatchObject({ state: "Unhealthy", message: expect.stringMatching(named) as string });
    // Whoever did not look in between is told where it is written.
    heard.clear();
    const { message } = await look(second, pushedAt);
    const [, command = ""] = /its events say what is unhealthy: kubectl (.*)$/.exec(message) ?? [];
    expect(await root.does(...command.split(" "))).toMatch(named);
    await sync.stop();
  },
);

test("a Kustomization of real Flux that is suspended says who can go on", async () => {
  const { namespace, push, comes, sync } = await stage();
  await root.does(
    "patch",
    `kustomizations.kustomize.toolkit.fluxcd.io/${NAME}`,
    "-n",
    namespace,
    "--type=merge",
    '--patch={"spec":{"suspend":true}}',
  );
  const commit = await push("red");
  const seen = await comes("OldRevision", commit, Date.now());
  expect(seen.message).toContain(`flux resume kustomization ${NAME} -n ${namespace}`);
  await sync.stop();
});
