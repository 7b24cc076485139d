import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedCluster } from "../cluster/shared.ts";
import { type Cast, castIn } from "./cast.ts";
import { APPROVE, AUTHOR, stageOf, STAMP, TOKEN } from "./stage.ts";

let cast: Cast;
let stage: ReturnType<typeof stageOf>;

beforeAll(async () => {
  cast = await castIn(sharedCluster(), "tools");
  stage = stageOf(cast);
});
afterAll(async () => {
  for (const who of cast?.everyone ?? []) await who.client.close();
});

const web = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: cast.namespace, annotations },
  spec: {
    replicas: 0,
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "x" }] } },
  },
});

describe("the other kind named Deployment", () => {
  const question = "this is deployments.apps/web: did you mean deployments.ashat.raos.io/web?";

  it("refuses an action with the question what was meant, and nothing else", async () => {
    expect(await cast.root.isRefusedToApply(web({ [APPROVE]: TOKEN }))).toContain(question);
    await cast.root.applies(web({ note: "kept" }));
    expect(
      await cast.root.isRefused("annotate", "deployment", "web", "-n", cast.namespace, `${APPROVE}=${TOKEN}`),
    ).toContain(question);
    await cast.root.does("annotate", "deployment", "web", "-n", cast.namespace, "other=kept");
  });
});

describe("an update that Flux applies", () => {
  const labels = {
    "kustomize.toolkit.fluxcd.io/name": "updates",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
  };
  const fromGit = (name: string, annotations: Readonly<Record<string, string>> = {}) =>
    stage.manifest(name, { labels, annotations });
  const reconcile = ["--server-side", "--force-conflicts", "--field-manager=kustomize-controller"];

  it("refuses a plain kubectl annotate and names the way out, which holds over reconciles", async () => {
    await cast.flux.applies(fromGit("flux-1"), ...reconcile);
    expect(await cast.alice.isRefused(...stage.annotate("flux-1", `${APPROVE}=${TOKEN}`))).toContain(
      "Flux would remove this at its next reconcile: add --field-manager=ashat to the command, or commit it to Git",
    );
    await cast.alice.does(...stage.annotate("flux-1", `${APPROVE}=${TOKEN}`, "--field-manager=ashat"));
    const before = await stage.version("flux-1");
    await cast.flux.applies(fromGit("flux-1"), ...reconcile);
    expect(await stage.annotations("flux-1")).toEqual({ [AUTHOR]: cast.flux.user, [APPROVE]: TOKEN, [STAMP]: "alice" });
    expect(await stage.version("flux-1")).toBe(before);
  });

  it("keeps an action that was committed to Git, stamped with the account, without a fight, until it is taken out of Git", async () => {
    await cast.flux.applies(fromGit("flux-2"), ...reconcile);
    await cast.flux.applies(fromGit("flux-2", { [APPROVE]: TOKEN }), ...reconcile);
    expect(await stage.annotations("flux-2")).toEqual({
      [AUTHOR]: cast.flux.user,
      [APPROVE]: TOKEN,
      [STAMP]: cast.flux.user,
    });
    const before = await stage.version("flux-2");
    await cast.flux.applies(fromGit("flux-2", { [APPROVE]: TOKEN }), ...reconcile);
    expect(await stage.version("flux-2")).toBe(before);
    await cast.flux.applies(fromGit("flux-2"), ...reconcile);
    expect(await stage.annotations("flux-2")).toEqual({ [AUTHOR]: cast.flux.user });
  });

  it("lets kubectl act where Flux was told to merge", async () => {
    const annotation = { "kustomize.toolkit.fluxcd.io/ssa": "Merge" };
    await cast.flux.applies(fromGit("flux-3", annotation), ...reconcile);
    await cast.alice.does(...stage.annotate("flux-3", `${APPROVE}=${TOKEN}`));
    expect(await stage.annotations("flux-3")).toMatchObject({ [STAMP]: "alice" });
  });
});
