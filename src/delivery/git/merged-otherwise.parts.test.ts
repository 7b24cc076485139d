import { expect, test } from "vitest";
import { assignment, digest, kustomization, PASSWORD } from "../../../test/world/git-scene.ts";
import { FILE, openPullRequestScene } from "../../../test/world/pull-request-scene.ts";

const scene = openPullRequestScene("merged", { isProtected: false });
const never = new AbortController().signal;

const { open } = scene;

test.each(["merge", "squash"] as const)(
  "a pull request to whose branch somebody pushed something else before the %s is no delivery",
  async (how) => {
    const { there, hub, place, deliverer } = await open();
    const order = assignment(1, "2.0.0", "b");
    await deliverer.deliver(place, order, never);
    const [pull] = hub.all();
    const words = await there.git(["log", "-1", "--format=%B", pull?.branch ?? ""]);
    await there.commit({ [FILE]: kustomization("2.0.0", "e") }, "One more thing", pull?.branch);
    // Squashed by a person who keeps the words of the operator.
    await hub.merge(1, how, how === "squash" ? words : undefined);
    expect(await there.read(FILE)).toContain(digest("e"));
    for (const asked of [deliverer, await scene.deliverer()]) {
      const answers = [
        await asked.report(place, order.key, never),
        await asked.deliver(place, order, never),
        await asked.report(place, order.key, never),
      ];
      for (const answer of answers)
        expect(answer).toMatchObject({ state: "Answered", report: { state: "Failed", reason: "MergedOtherwise" } });
      expect(JSON.stringify(answers)).toContain("/pull/1 was merged with something else than 2.0.0");
      expect(await asked.observe(place, never)).toMatchObject({ status: { apps: [{ digest: digest("e") }] } });
    }
  },
);

/** How much of what we said is left where somebody merged. */
const LEFT: readonly (readonly [string, { readonly body?: true; readonly branch?: true }])[] = [
  ["other words", { body: true, branch: true }],
  ["other words on it and on its page", { branch: true }],
  ["other words, and its branch is deleted", { body: true }],
  ["other words everywhere, and its branch is deleted", {}],
];

test.each(LEFT)("where a pull request was merged under %s, what stands there decides", async (_, { body, branch }) => {
  for (const pushed of [true, false]) {
    const { there, hub, place, deliverer } = await open();
    const order = assignment(1, "2.0.0", "b");
    await deliverer.deliver(place, order, never);
    const [pull] = hub.all();
    if (pushed) await there.commit({ [FILE]: kustomization("2.0.0", "e") }, "One more thing", pull?.branch);
    if (body === undefined) hub.reword(1, "Ship it, please");
    const revision = await hub.merge(1, "squash", "Ship it");
    if (branch === undefined) await there.git(["update-ref", "-d", `refs/heads/${pull?.branch ?? ""}`]);
    for (const asked of [deliverer, await scene.deliverer()]) {
      const reported = await asked.report(place, order.key, never);
      const delivered = await asked.deliver(place, order, never);
      const again = await asked.report(place, order.key, never);
      const known = body === true || branch === true;
      const right = known ? { state: "Applied", reason: "Committed" } : { state: "Applied", reason: "AlreadyThere" };
      const expected = { report: pushed ? { state: "Failed", reason: "MergedOtherwise" } : { ...right, revision } };
      // Where nothing is left that says what it was, only whoever has the order can tell.
      expect(reported).toMatchObject(known ? expected : { state: "Refused", reason: "NotFound" });
      expect(delivered).toMatchObject(expected);
      expect(again).toMatchObject(expected);
    }
  }
});

test("a commit that only says of itself that it delivered is seen to be something else", async () => {
  const { there, place, deliverer } = await open();
  const plain = { ...place };
  delete (plain as { pullRequest?: unknown }).pullRequest;
  await deliverer.deliver(plain, assignment(1, "2.0.0", "b"), never);
  const [ours] = await there.log();
  const forged = (ours?.message ?? "")
    .replaceAll("uid-1.ra.main.1", "uid-1.ra.main.2")
    .replace("Sequence: 1", "Sequence: 2");
  await there.commit({ [FILE]: kustomization("2.0.0", "e") }, forged);
  expect(await (await scene.deliverer()).observe(plain, never)).toMatchObject({
    status: { apps: [{ sequence: 1, digest: digest("e") }] },
  });
});

test("what an API says is told without the token, and without characters that would turn other words around", async () => {
  const { hub, place, deliverer } = await open();
  hub.answer(403, { message: `no ${PASSWORD}\u202efor you\u200b` });
  const answer = await deliverer.report(place, "uid-1.ra.main.1", never);
  expect(answer).toMatchObject({ state: "Refused", reason: "Forbidden" });
  expect(JSON.stringify(answer)).toContain("(no *** for you )");
});
