import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedCluster } from "../cluster/shared.ts";
import { type Cast, castIn, update } from "./cast.ts";
import { DEPLOYMENTS } from "./resources.ts";
import { APPROVE, AUTHOR, stageOf, STAMP, TOKEN } from "./stage.ts";

let cast: Cast;
let stage: ReturnType<typeof stageOf>;

beforeAll(async () => {
  cast = await castIn(sharedCluster(), "admission");
  stage = stageOf(cast);
});
afterAll(async () => {
  for (const who of cast?.everyone ?? []) await who.client.close();
});

const notAuthor = () =>
  `author may not approve on tier omega: that needs the verb approve on tiers.ashat.raos.io/omega in namespace ${cast.namespace}, as the role ashat-approver-omega gives it`;

describe("acting on an update without the right", () => {
  it("is refused by annotate, patch, server-side apply and plain apply, naming verb and tier", async () => {
    const name = await stage.created();
    const withApproval = stage.manifest(name, { annotations: { [APPROVE]: TOKEN } });
    expect(await cast.author.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`))).toContain(notAuthor());
    expect(
      await cast.author.isRefused(...stage.patch(name, { metadata: { annotations: { [APPROVE]: TOKEN } } })),
    ).toContain(notAuthor());
    expect(await cast.author.isRefusedToApply(withApproval, "--server-side", "--force-conflicts")).toContain(
      notAuthor(),
    );
    expect(await cast.author.isRefusedToApply(withApproval)).toContain(notAuthor());
    expect(await stage.annotations(name)).toEqual({ [AUTHOR]: "author" });
  });

  it("is refused at creation", async () => {
    expect(
      await cast.author.isRefusedToApply(
        update(cast.namespace, "born-approved", { annotations: { [APPROVE]: TOKEN } }),
      ),
    ).toContain(notAuthor());
  });

  it("is refused where the right is for another tier, or only for one of two", async () => {
    const name = await stage.created();
    expect(await cast.pat.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`))).toContain(
      "pat may not approve on tier omega",
    );
    expect(
      await cast.pat.isRefused(
        ...stage.annotate(name, `approve.ashat.raos.io/public=${TOKEN}`, `cancel.ashat.raos.io/omega.2=${TOKEN}`),
      ),
    ).toContain("pat may not cancel on tier omega");
    expect(await cast.alice.isRefused(...stage.annotate(name, `rollback.ashat.raos.io/public=${TOKEN}`))).toContain(
      "alice may not rollback on tier public",
    );
  });

  it("is refused where the right is to another verb", async () => {
    const name = await stage.created();
    for (const verb of ["approve", "rollback", "verify", "override"])
      expect(
        await cast.carol.isRefused(...stage.annotate(name, `${verb}.ashat.raos.io/omega=${TOKEN} because`)),
      ).toContain(`carol may not ${verb} on tier omega`);
    await cast.carol.does(...stage.annotate(name, `cancel.ashat.raos.io/omega=${TOKEN}`));
    expect(await stage.annotations(name)).toMatchObject({ "by.ashat.raos.io/cancel.omega": "carol" });
  });

  it("is refused by RBAC where not even the update may be written", async () => {
    const name = await stage.created();
    expect(await cast.viewer.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`))).toContain(
      'cannot patch resource "deployments"',
    );
    expect(await cast.operator.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`))).toContain(
      'cannot patch resource "deployments"',
    );
  });
});

describe("acting on an update with the right", () => {
  it("is stamped, and a second person acts in another slot", async () => {
    const name = await stage.created();
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN} looks good`));
    await cast.bob.does(...stage.annotate(name, `${APPROVE}.2=${TOKEN}`));
    expect(await stage.annotations(name)).toEqual({
      [AUTHOR]: "author",
      [APPROVE]: `${TOKEN} looks good`,
      [STAMP]: "alice",
      [`${APPROVE}.2`]: TOKEN,
      [`${STAMP}.2`]: "bob",
    });
  });

  it("changes nothing where a second person repeats the first one's words, and moves the stamp where they differ", async () => {
    const name = await stage.created();
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`));
    await cast.bob.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`, "--overwrite"));
    expect(await stage.annotations(name)).toMatchObject({ [STAMP]: "alice" });
    await cast.bob.does(...stage.annotate(name, `${APPROVE}=${TOKEN} mine`, "--overwrite"));
    expect(await stage.annotations(name)).toMatchObject({ [STAMP]: "bob" });
  });

  it("can be withdrawn by the author, too, and the stamp goes with it", async () => {
    const name = await stage.created();
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`));
    await cast.bob.does(...stage.annotate(name, `${APPROVE}.2=${TOKEN}`));
    await cast.author.does(...stage.annotate(name, `${APPROVE}-`));
    expect(await stage.annotations(name)).toEqual({
      [AUTHOR]: "author",
      [`${APPROVE}.2`]: TOKEN,
      [`${STAMP}.2`]: "bob",
    });
  });

  it("works for every verb at once when a rebuilt cluster takes them from Git: no limit of two rights in one request", async () => {
    const verbs = ["approve", "cancel", "rollback", "verify", "override"];
    const tiers = ["alpha", "public", "omega", "mainframes"];
    const all = Object.fromEntries(
      verbs.flatMap((verb) => tiers.map((tier) => [`${verb}.ashat.raos.io/${tier}`, `${TOKEN} because`])),
    );
    const name = await stage.created({ annotations: all }, cast.flux);
    const seen = await stage.annotations(name);
    expect(Object.keys(seen)).toHaveLength(1 + 2 * verbs.length * tiers.length);
    expect(seen["by.ashat.raos.io/rollback.mainframes"]).toBe(cast.flux.user);
  });

  it("lets a cluster administrator approve, under their own name", async () => {
    const name = await stage.created();
    await cast.root.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`));
    expect(await stage.annotations(name)).toMatchObject({ [STAMP]: "root" });
  });
});

describe("stamps", () => {
  it("are put back when forged with an action, forged alone, deleted or invented", async () => {
    const name = await stage.created();
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`, `${STAMP}=bob`));
    const truth = { [AUTHOR]: "author", [APPROVE]: TOKEN, [STAMP]: "alice" };
    expect(await stage.annotations(name)).toEqual(truth);
    await cast.author.does(...stage.annotate(name, `${STAMP}=bob`, "--overwrite"));
    expect(await stage.annotations(name)).toEqual(truth);
    await cast.author.does(...stage.annotate(name, `${STAMP}-`));
    expect(await stage.annotations(name)).toEqual(truth);
    await cast.author.does(...stage.annotate(name, `${STAMP}.2=bob`, "by.ashat.raos.io/anything=bob"));
    expect(await stage.annotations(name)).toEqual(truth);
  });

  it("name the real author, whatever is written at creation or later", async () => {
    const name = await stage.created({ annotations: { [AUTHOR]: "somebody" } });
    expect(await stage.annotations(name)).toEqual({ [AUTHOR]: "author" });
    await cast.alice.does(...stage.annotate(name, `${AUTHOR}=alice`, "--overwrite"));
    await cast.alice.does(...stage.annotate(name, `${AUTHOR}-`));
    expect(await stage.annotations(name)).toEqual({ [AUTHOR]: "author" });
  });

  it("survive a request that replaces the whole object", async () => {
    const name = await stage.created();
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`));
    const { metadata, ...rest } = await cast.author.client.get(DEPLOYMENTS, { namespace: cast.namespace, name });
    await cast.author.client.replace(DEPLOYMENTS, {
      ...rest,
      metadata: { ...metadata, annotations: { [APPROVE]: TOKEN } },
    });
    expect(await stage.annotations(name)).toEqual({ [AUTHOR]: "author", [APPROVE]: TOKEN, [STAMP]: "alice" });
  });
});

describe("acting and changing in one request", () => {
  const refusal = "a request that acts on an update may change nothing else of it";
  const approval = { [APPROVE]: TOKEN };

  it.each([
    ["a label", { labels: { a: "b" }, annotations: approval }],
    ["another annotation", { annotations: { ...approval, note: "b" } }],
    ["a finalizer", { annotations: approval, finalizers: ["example.com/hold"] }],
    [
      "an owner",
      { annotations: approval, ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "x" }] },
    ],
  ])("is refused: %s", async (_, metadata) => {
    expect(await cast.alice.isRefused(...stage.patch(await stage.created(), { metadata }))).toContain(refusal);
  });

  it("is refused: an annotation removed, changed or replaced, or a label changed", async () => {
    const name = await stage.created({ labels: { a: "b" }, annotations: { note: "b" } });
    expect(
      await cast.alice.isRefused(...stage.patch(name, { metadata: { annotations: { ...approval, note: null } } })),
    ).toContain(refusal);
    expect(
      await cast.alice.isRefused(...stage.patch(name, { metadata: { annotations: approval, labels: { a: "c" } } })),
    ).toContain(refusal);
    expect(
      await cast.alice.isRefused(...stage.patch(name, { metadata: { annotations: { ...approval, note: "c" } } })),
    ).toContain(refusal);
    expect(
      await cast.alice.isRefused(
        ...stage.patch(name, { metadata: { annotations: { ...approval, note: null, other: "b" } } }),
      ),
    ).toContain(refusal);
  });

  it("is refused: the spec, which never changes anyway", async () => {
    const said = await cast.alice.isRefused(
      ...stage.patch(await stage.created(), { metadata: { annotations: approval }, spec: { version: "9.9.9" } }),
    );
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
    const said = await cast.alice.isRefused(...stage.annotate(await stage.created(), `${key}=${value}`));
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
    const said = await cast.alice.isRefused(...stage.annotate(await stage.created(), `${key}=${value}`));
    expect(said).toContain(`the value of ${key} must be '<token> [reason]' in one line`);
  });

  it("is left alone: annotations of others", async () => {
    const name = await stage.created();
    await cast.author.does(...stage.annotate(name, "example.com/note=hello", "ashat.example.com/omega=hello"));
    expect(await stage.annotations(name)).toMatchObject({ "example.com/note": "hello" });
  });
});
