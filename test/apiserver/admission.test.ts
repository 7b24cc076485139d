import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEPLOYMENTS } from "./resources.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { install } from "../cluster/install.ts";
import type { Person } from "../cluster/person.ts";
import { type Cast, castIn, type Extras, update } from "./cast.ts";

const NAMESPACE = "admission";
const TOKEN = "0123456789abcdef";
const APPROVE = "approve.ashat.raos.io/omega";
const STAMP = "by.ashat.raos.io/approve.omega";
const AUTHOR = "by.ashat.raos.io/author";

let cluster: Cluster;
let cast: Cast;
let count = 0;

beforeAll(async () => {
  cluster = await startCluster();
  await install(cluster);
  cast = await castIn(cluster, NAMESPACE);
}, 120_000);
afterAll(async () => {
  for (const who of cast?.everyone ?? []) await who.client.close();
  await cluster?.stop();
});

const created = async (extras: Extras = {}, by: Person = cast.author): Promise<string> => {
  count += 1;
  const name = `update-${count}`;
  await by.applies(update(NAMESPACE, name, extras));
  return name;
};
const annotate = (name: string, ...words: readonly string[]) => ["annotate", `deployments.ashat.raos.io/${name}`, "-n", NAMESPACE, ...words] as const;
const patch = (name: string, body: object) => ["patch", `deployments.ashat.raos.io/${name}`, "-n", NAMESPACE, "--type=merge", `--patch=${JSON.stringify(body)}`] as const;
const annotations = async (name: string): Promise<Readonly<Record<string, string>>> => {
  const { "kubectl.kubernetes.io/last-applied-configuration": _, ...rest } =
    (await cast.root.client.get(DEPLOYMENTS, { namespace: NAMESPACE, name })).metadata.annotations ?? {};
  return rest;
};
const serverSide = (metadata: Extras & { readonly name: string }) => ({ ...update(NAMESPACE, metadata.name), metadata: { ...metadata, namespace: NAMESPACE } });

describe("acting on an update without the right", () => {
  const refusal = "author may not approve on tier omega: that needs the verb approve on tiers.ashat.raos.io/omega in namespace admission, as the role ashat-approver-omega gives it";

  it("is refused by annotate, patch, server-side apply and plain apply, naming verb and tier", async () => {
    const name = await created();
    const withApproval = serverSide({ name, annotations: { [APPROVE]: TOKEN } });
    expect(await cast.author.isRefused(...annotate(name, `${APPROVE}=${TOKEN}`))).toContain(refusal);
    expect(await cast.author.isRefused(...patch(name, { metadata: { annotations: { [APPROVE]: TOKEN } } }))).toContain(refusal);
    expect(await cast.author.isRefusedToApply(withApproval, "--server-side", "--force-conflicts")).toContain(refusal);
    expect(await cast.author.isRefusedToApply(withApproval)).toContain(refusal);
    expect(await annotations(name)).toEqual({ [AUTHOR]: "author" });
  });

  it("is refused at creation", async () => {
    expect(await cast.author.isRefusedToApply(update(NAMESPACE, "born-approved", { annotations: { [APPROVE]: TOKEN } }))).toContain(refusal);
  });

  it("is refused where the right is for another tier, or only for one of two", async () => {
    const name = await created();
    expect(await cast.pat.isRefused(...annotate(name, `${APPROVE}=${TOKEN}`))).toContain("pat may not approve on tier omega");
    expect(await cast.pat.isRefused(...annotate(name, `approve.ashat.raos.io/public=${TOKEN}`, `cancel.ashat.raos.io/omega.2=${TOKEN}`))).toContain(
      "pat may not cancel on tier omega",
    );
    expect(await cast.alice.isRefused(...annotate(name, `rollback.ashat.raos.io/public=${TOKEN}`))).toContain("alice may not rollback on tier public");
  });

  it("is refused by RBAC where not even the update may be written", async () => {
    const name = await created();
    expect(await cast.viewer.isRefused(...annotate(name, `${APPROVE}=${TOKEN}`))).toContain('cannot patch resource "deployments"');
    expect(await cast.operator.isRefused(...annotate(name, `${APPROVE}=${TOKEN}`))).toContain('cannot patch resource "deployments"');
  });
});

describe("acting on an update with the right", () => {
  it("is stamped, and a second person acts in another slot", async () => {
    const name = await created();
    await cast.alice.does(...annotate(name, `${APPROVE}=${TOKEN} looks good`));
    await cast.bob.does(...annotate(name, `${APPROVE}.2=${TOKEN}`));
    expect(await annotations(name)).toEqual({
      [AUTHOR]: "author",
      [APPROVE]: `${TOKEN} looks good`,
      [STAMP]: "alice",
      [`${APPROVE}.2`]: TOKEN,
      [`${STAMP}.2`]: "bob",
    });
  });

  it("changes nothing where a second person repeats the first one's words, and moves the stamp where they differ", async () => {
    const name = await created();
    await cast.alice.does(...annotate(name, `${APPROVE}=${TOKEN}`));
    await cast.bob.does(...annotate(name, `${APPROVE}=${TOKEN}`, "--overwrite"));
    expect(await annotations(name)).toMatchObject({ [STAMP]: "alice" });
    await cast.bob.does(...annotate(name, `${APPROVE}=${TOKEN} mine`, "--overwrite"));
    expect(await annotations(name)).toMatchObject({ [STAMP]: "bob" });
  });

  it("can be withdrawn by the author, too, and the stamp goes with it", async () => {
    const name = await created();
    await cast.alice.does(...annotate(name, `${APPROVE}=${TOKEN}`));
    await cast.bob.does(...annotate(name, `${APPROVE}.2=${TOKEN}`));
    await cast.author.does(...annotate(name, `${APPROVE}-`));
    expect(await annotations(name)).toEqual({ [AUTHOR]: "author", [`${APPROVE}.2`]: TOKEN, [`${STAMP}.2`]: "bob" });
  });

  it("works for every verb at once when a rebuilt cluster takes them from Git: no limit of two rights in one request", async () => {
    const verbs = ["approve", "cancel", "rollback", "verify", "override"];
    const tiers = ["alpha", "public", "omega", "mainframes"];
    const all = Object.fromEntries(verbs.flatMap((verb) => tiers.map((tier) => [`${verb}.ashat.raos.io/${tier}`, `${TOKEN} because`])));
    const name = await created({ annotations: all }, cast.flux);
    const seen = await annotations(name);
    expect(Object.keys(seen)).toHaveLength(1 + 2 * verbs.length * tiers.length);
    expect(seen["by.ashat.raos.io/rollback.mainframes"]).toBe(cast.flux.user);
  });

  it("lets a cluster administrator approve, under their own name", async () => {
    const name = await created();
    await cast.root.does(...annotate(name, `${APPROVE}=${TOKEN}`));
    expect(await annotations(name)).toMatchObject({ [STAMP]: "root" });
  });
});

describe("stamps", () => {
  it("are put back when forged with an action, forged alone, deleted or invented", async () => {
    const name = await created();
    await cast.alice.does(...annotate(name, `${APPROVE}=${TOKEN}`, `${STAMP}=bob`));
    const truth = { [AUTHOR]: "author", [APPROVE]: TOKEN, [STAMP]: "alice" };
    expect(await annotations(name)).toEqual(truth);
    await cast.author.does(...annotate(name, `${STAMP}=bob`, "--overwrite"));
    expect(await annotations(name)).toEqual(truth);
    await cast.author.does(...annotate(name, `${STAMP}-`));
    expect(await annotations(name)).toEqual(truth);
    await cast.author.does(...annotate(name, `${STAMP}.2=bob`, "by.ashat.raos.io/anything=bob"));
    expect(await annotations(name)).toEqual(truth);
  });

  it("name the real author, whatever is written at creation or later", async () => {
    const name = await created({ annotations: { [AUTHOR]: "somebody" } });
    expect(await annotations(name)).toEqual({ [AUTHOR]: "author" });
    await cast.alice.does(...annotate(name, `${AUTHOR}=alice`, "--overwrite"));
    await cast.alice.does(...annotate(name, `${AUTHOR}-`));
    expect(await annotations(name)).toEqual({ [AUTHOR]: "author" });
  });

  it("survive a request that replaces the whole object", async () => {
    const name = await created();
    await cast.alice.does(...annotate(name, `${APPROVE}=${TOKEN}`));
    const { metadata, ...rest } = await cast.author.client.get(DEPLOYMENTS, { namespace: NAMESPACE, name });
    await cast.author.client.replace(DEPLOYMENTS, { ...rest, metadata: { ...metadata, annotations: { [APPROVE]: TOKEN } } });
    expect(await annotations(name)).toEqual({ [AUTHOR]: "author", [APPROVE]: TOKEN, [STAMP]: "alice" });
  });
});

describe("acting and changing in one request", () => {
  const refusal = "a request that acts on an update may change nothing else of it";
  const approval = { [APPROVE]: TOKEN };

  it.each([
    ["a label", { labels: { a: "b" }, annotations: approval }],
    ["another annotation", { annotations: { ...approval, note: "b" } }],
    ["a finalizer", { annotations: approval, finalizers: ["example.com/hold"] }],
    ["an owner", { annotations: approval, ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "x" }] }],
  ])("is refused: %s", async (_, metadata) => {
    expect(await cast.alice.isRefused(...patch(await created(), { metadata }))).toContain(refusal);
  });

  it("is refused: an annotation removed or a label changed", async () => {
    const name = await created({ labels: { a: "b" }, annotations: { note: "b" } });
    expect(await cast.alice.isRefused(...patch(name, { metadata: { annotations: { ...approval, note: null } } }))).toContain(refusal);
    expect(await cast.alice.isRefused(...patch(name, { metadata: { annotations: approval, labels: { a: "c" } } }))).toContain(refusal);
  });

  it("is refused: the spec, which never changes anyway", async () => {
    const said = await cast.alice.isRefused(...patch(await created(), { metadata: { annotations: approval }, spec: { version: "9.9.9" } }));
    expect(said).toMatch(/may change nothing else of it|an update never changes/);
  });
});

describe("what is no action", () => {
  it.each([
    ["aprove.ashat.raos.io/omega", TOKEN],
    ["approve.ashat.raos.io/production", TOKEN],
    ["Approve.ashat.raos.io/omega", TOKEN],
    ["approve.Ashat.Raos.io/omega", TOKEN],
    ["approve.now.ashat.raos.io/omega", TOKEN],
    ["approve.ashat.raos.io/omega.Second", TOKEN],
    ["approve.ashat.raos.io/omega.a_b", TOKEN],
    ["approve.ashat.raos.io/omega.a.b", TOKEN],
    [`approve.ashat.raos.io/omega.${"a".repeat(33)}`, TOKEN],
    ["by.omega.ashat.raos.io/approve", TOKEN],
  ])("is refused with the form of one: %s", async (key, value) => {
    const said = await cast.alice.isRefused(...annotate(await created(), `${key}=${value}`));
    expect(said).toContain(`unknown action ${key}: an action is <verb>.ashat.raos.io/<tier>[.<slot>]`);
  });

  it.each([
    ["approve.ashat.raos.io/omega", ""],
    ["approve.ashat.raos.io/omega", "token!"],
    ["approve.ashat.raos.io/omega", `${TOKEN} first\nsecond`],
    ["approve.ashat.raos.io/omega", `${TOKEN} ${"a".repeat(513)}`],
    ["override.ashat.raos.io/omega", TOKEN],
    ["override.ashat.raos.io/omega", `${TOKEN}   `],
  ])("is refused for its value: %s=%j", async (key, value) => {
    const said = await cast.alice.isRefused(...annotate(await created(), `${key}=${value}`));
    expect(said).toContain(`the value of ${key} must be '<token> [reason]' in one line`);
  });

  it("is left alone: annotations of others", async () => {
    const name = await created();
    await cast.author.does(...annotate(name, "example.com/note=hello", "ashat.example.com/omega=hello"));
    expect(await annotations(name)).toMatchObject({ "example.com/note": "hello" });
  });
});

describe("the other kind named Deployment", () => {
  const web = (annotations: Readonly<Record<string, string>>) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: NAMESPACE, annotations },
    spec: { replicas: 0, selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "x" }] } } },
  });
  const question = "this is deployments.apps/web: did you mean deployments.ashat.raos.io/web?";

  it("refuses an action with the question what was meant, and nothing else", async () => {
    expect(await cast.root.isRefusedToApply(web({ [APPROVE]: TOKEN }))).toContain(question);
    await cast.root.applies(web({ note: "kept" }));
    expect(await cast.root.isRefused("annotate", "deployment", "web", "-n", NAMESPACE, `${APPROVE}=${TOKEN}`)).toContain(question);
    await cast.root.does("annotate", "deployment", "web", "-n", NAMESPACE, "other=kept");
  });
});

describe("an update that Flux applies", () => {
  const labels = { "kustomize.toolkit.fluxcd.io/name": "updates", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" };
  const fromGit = (name: string, annotations: Readonly<Record<string, string>> = {}) => serverSide({ name, labels, annotations });
  const reconcile = ["--server-side", "--force-conflicts", "--field-manager=kustomize-controller"];
  const version = async (name: string): Promise<string> => (await cast.root.client.get(DEPLOYMENTS, { namespace: NAMESPACE, name })).metadata.resourceVersion;

  it("refuses a plain kubectl annotate and names the way out, which holds over reconciles", async () => {
    await cast.flux.applies(fromGit("flux-1"), ...reconcile);
    expect(await cast.alice.isRefused(...annotate("flux-1", `${APPROVE}=${TOKEN}`))).toContain(
      "Flux would remove this at its next reconcile: add --field-manager=ashat to the command, or commit it to Git",
    );
    await cast.alice.does(...annotate("flux-1", `${APPROVE}=${TOKEN}`, "--field-manager=ashat"));
    const before = await version("flux-1");
    await cast.flux.applies(fromGit("flux-1"), ...reconcile);
    expect(await annotations("flux-1")).toEqual({ [AUTHOR]: cast.flux.user, [APPROVE]: TOKEN, [STAMP]: "alice" });
    expect(await version("flux-1")).toBe(before);
  });

  it("keeps an action that was committed to Git, stamped with the account, without a fight, until it is taken out of Git", async () => {
    await cast.flux.applies(fromGit("flux-2"), ...reconcile);
    await cast.flux.applies(fromGit("flux-2", { [APPROVE]: TOKEN }), ...reconcile);
    expect(await annotations("flux-2")).toEqual({ [AUTHOR]: cast.flux.user, [APPROVE]: TOKEN, [STAMP]: cast.flux.user });
    const before = await version("flux-2");
    await cast.flux.applies(fromGit("flux-2", { [APPROVE]: TOKEN }), ...reconcile);
    expect(await version("flux-2")).toBe(before);
    await cast.flux.applies(fromGit("flux-2"), ...reconcile);
    expect(await annotations("flux-2")).toEqual({ [AUTHOR]: cast.flux.user });
  });

  it("lets kubectl act where Flux was told to merge", async () => {
    const annotation = { "kustomize.toolkit.fluxcd.io/ssa": "Merge" };
    await cast.flux.applies(fromGit("flux-3", annotation), ...reconcile);
    await cast.alice.does(...annotate("flux-3", `${APPROVE}=${TOKEN}`));
    expect(await annotations("flux-3")).toMatchObject({ [STAMP]: "alice" });
  });
});
