import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { assignment, digest, kustomization } from "../../../test/world/git-scene.ts";
import { FILE, openPullRequestScene } from "../../../test/world/pull-request-scene.ts";
import type { Reported } from "../assignment.ts";

const scene = openPullRequestScene("ended");
const never = new AbortController().signal;

const open = async () => {
  const opened = await scene.open();
  const branches = async (): Promise<readonly string[]> =>
    (await opened.there.git(["for-each-ref", "--format=%(refname:short)", "refs/heads/ashat"]))
      .split("\n")
      .filter(Boolean);
  return { ...opened, branches };
};

const seenIn = (answer: Reported) =>
  answer.state === "Answered" ? answer.status.seen.map(({ sequence, state }) => [sequence, state]) : answer;

/** Whoever reads our commits can make up the name of a branch of ours. */
const nameOf = (sequence: number): string =>
  `ashat/shop/staging/ra-main-${sequence}-${createHash("sha256").update(`uid-1.ra.main.${sequence}`).digest("hex").slice(0, 8)}`;

const first = assignment(1, "2.0.0", "b");
const next = assignment(2, "3.0.0", "c");
const NEXT = { version: "3.0.0", digest: digest("c") };

test("one that was closed has ended, its branch goes, and a later update goes on", async () => {
  const { hub, place, branches, deliverer } = await open();
  await deliverer.deliver(place, first, never);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Switching"]]);
  expect(await branches()).toHaveLength(1);
  hub.close(1);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Failed"]]);
  expect(await branches()).toEqual([]);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([]);
  for (const asked of [deliverer, await scene.deliverer()]) {
    expect(await asked.report(place, first.key, never)).toMatchObject({ report: { reason: "PullRequestClosed" } });
    expect(await asked.deliver(place, first, never)).toMatchObject({ report: { reason: "PullRequestClosed" } });
  }
  expect(await deliverer.deliver(place, next, never)).toMatchObject({ report: { reason: "PullRequestOpen" } });
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[2, "Switching"]]);
});

test.each([undefined, "Ship it"])("one that was merged (%s) keeps nobody waiting", async (message) => {
  const { hub, branches, deliverer, ...opened } = await open();
  // Nothing that is written here names the content.
  const yaml = { file: "kustomization.yaml", path: "/images/0/newTag", value: "{version}" };
  const place = { ...opened.place, change: [{ yaml }] };
  await deliverer.deliver(place, first, never);
  const [branch] = await branches();
  const revision = await hub.merge(1, "squash", message);
  const runs = { version: "2.0.0", digest: digest("b"), previous: { version: "1.0.0" } };
  for (const asked of [deliverer, await scene.deliverer()]) {
    expect(await asked.observe(place, never)).toMatchObject({
      status: { apps: [runs], seen: [{ sequence: 1, state: "Applied" }] },
    });
    expect(await asked.report(place, first.key, never)).toMatchObject({ report: { reason: "Committed", revision } });
  }
  // Where the history does not tell of it, the branch does, until something newer was delivered.
  expect(await branches()).toEqual(message === undefined ? [] : [branch]);
  await deliverer.deliver(place, next, never);
  await hub.merge(2, "squash");
  expect(await deliverer.observe(place, never)).toMatchObject({
    status: { apps: [{ ...runs, ...NEXT, previous: {} }] },
  });
  expect(await branches()).toEqual([]);
});

test("a branch on which somebody went on is left to them, and keeps nobody waiting", async () => {
  const { there, hub, place, branches, deliverer } = await open();
  await deliverer.deliver(place, first, never);
  const [branch] = await branches();
  await there.commit({ "theirs.yaml": "a: 1\n" }, "One more thing", branch);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Switching"]]);
  hub.close(1);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Failed"]]);
  expect(await branches()).toEqual([branch]);
});

test("a branch that may not be deleted has ended, too", async () => {
  const { there, hub, place, branches, deliverer } = await open();
  await deliverer.deliver(place, first, never);
  await there.hook("update", 'case "$3" in 0000*) echo "no deleting" >&2; exit 1;; esac');
  hub.close(1);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Failed"]]);
  expect(await branches()).toHaveLength(1);
  expect(await deliverer.deliver(place, next, never)).toMatchObject({ report: { reason: "PullRequestOpen" } });
});

test("one that was proposed and whose branch somebody deleted is not waited for", async () => {
  const { there, hub, place, branches, deliverer } = await open();
  await deliverer.deliver(place, first, never);
  await there.git(["update-ref", "-d", `refs/heads/${(await branches())[0] ?? ""}`]);
  hub.close(1);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([]);
});

test("a branch without a pull request keeps nobody waiting, and is there for whoever opens one", async () => {
  const { hub, place, branches, deliverer } = await open();
  hub.answer(502, { method: "POST" });
  await deliverer.deliver(place, first, never);
  hub.answer(undefined);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Failed"]]);
  expect(await branches()).toHaveLength(1);
  expect(await deliverer.deliver(place, first, never)).toMatchObject({ report: { reason: "PullRequestOpen" } });
});

test("what GitHub cannot say has not ended", async () => {
  const { hub, place, deliverer } = await open();
  await deliverer.deliver(place, first, never);
  hub.close(1);
  hub.answer(503);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Switching"]]);
  hub.answer(undefined);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([[1, "Failed"]]);
});

test("a branch that somebody else made under a name of ours is none of ours: it is neither believed, nor proposed, nor deleted", async () => {
  const { there, hub, place, branches, deliverer } = await open();
  for (const sequence of [1, 1_999_999_999, 9_999_999_999]) {
    await there.git(["branch", nameOf(sequence), "main"]);
    const words = `Mine\n\nAshat-Target: shop/staging (uid-1)\nAshat-Path: apps/ra/staging\nAshat-Order: uid-1.ra.main.${sequence}\nAshat-Version: 2.0.0\nAshat-Digest: ${digest("e")}\n`;
    await there.commit({ [FILE]: kustomization("2.0.0", "e") }, words, nameOf(sequence));
  }
  const made = await branches();
  expect(made).toHaveLength(3);
  expect(seenIn(await deliverer.observe(place, never))).toEqual([]);
  const answer = await deliverer.deliver(place, first, never);
  expect(answer).toMatchObject({ state: "Refused", reason: "BranchTaken" });
  expect(hub.all()).toEqual([]);
  expect(await deliverer.deliver(place, next, never)).toMatchObject({ report: { reason: "PullRequestOpen" } });
  expect(await branches()).toEqual(expect.arrayContaining([...made]));
});

test("the words of a pull request that waits are no delivery on another commit", async () => {
  const { there, hub, place, deliverer } = await open();
  await deliverer.deliver(place, first, never);
  await there.commit({ "README.md": "nothing else\n" }, hub.all()[0]?.body);
  expect(await deliverer.report(place, first.key, never)).toMatchObject({ report: { reason: "PullRequestOpen" } });
  expect(await deliverer.observe(place, never)).toMatchObject({
    status: { apps: [{ version: "1.0.0", digest: digest("a") }] },
  });
  const revision = await hub.merge(1, "squash");
  expect(await deliverer.report(place, first.key, never)).toMatchObject({ report: { reason: "Committed", revision } });
  const undo = { ...next, version: "1.0.0", digest: digest("a"), action: { do: "restore", undoes: 1 } } as const;
  expect(await deliverer.deliver(place, undo, never)).toMatchObject({ report: { reason: "PullRequestOpen" } });
});

test("nor where somebody wrote the same by hand before: what was there before them is not taken for what was there before us", async () => {
  const { there, hub, place, deliverer } = await open();
  await deliverer.deliver(place, first, never);
  await there.commit({ [FILE]: kustomization("2.0.0", "b") }, "By hand");
  await there.commit({ "README.md": "nothing else\n" }, hub.all()[0]?.body);
  const revision = await hub.merge(1, "squash");
  expect(await deliverer.report(place, first.key, never)).toMatchObject({ report: { reason: "Committed", revision } });
  const undo = { ...next, version: "1.0.0", digest: digest("a"), action: { do: "restore", undoes: 1 } } as const;
  expect(await deliverer.deliver(place, undo, never)).toMatchObject({ state: "Refused", reason: "TrailersMissing" });
});
