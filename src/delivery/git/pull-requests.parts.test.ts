import { expect, test } from "vitest";
import { assignment, digest, kustomization, PASSWORD, restoring } from "../../../test/world/git-scene.ts";
import { FILE, openPullRequestScene } from "../../../test/world/pull-request-scene.ts";
import type { Assigning } from "../assignment.ts";

const scene = openPullRequestScene("pulls");
const never = new AbortController().signal;

const { open } = scene;

const stateOf = (answer: Assigning) =>
  answer.state === "Answered"
    ? [answer.report.state, answer.report.reason, answer.report.revision]
    : [answer.state, answer.message];

test.each(["merge", "squash", "rebase"] as const)(
  "a pull request waits for a person, and after a %s it is applied",
  async (how) => {
    const { there, hub, place, deliverer } = await open();
    const order = assignment(1, "2.0.0", "b");
    const answer = await deliverer.deliver(place, order, never);
    expect(stateOf(answer)).toEqual(["Switching", "PullRequestOpen", undefined]);
    expect(JSON.stringify(answer)).toContain("merge https://pages.example/acme/deploy/pull/1.");
    expect(hub.all()).toMatchObject([
      {
        title: "Deliver ra 2.0.0 to shop/staging",
        body: expect.stringContaining("Ashat-Order: uid-1.ra.main.1") as string,
        branch: expect.stringMatching(/^ashat\/shop\/staging\/ra-main-1-[0-9a-f]{8}$/) as string,
        base: "main",
      },
    ]);
    expect(await deliverer.observe(place, never)).toEqual({
      state: "Answered",
      status: { apps: [], seen: [{ app: "ra", layer: "main", sequence: 1, key: order.key, state: "Switching" }] },
    });
    const other = await scene.deliverer();
    expect(stateOf(await other.deliver(place, order, never))).toEqual(["Switching", "PullRequestOpen", undefined]);
    expect(stateOf(await other.report(place, order.key, never))).toEqual(["Switching", "PullRequestOpen", undefined]);
    expect(hub.all()).toHaveLength(1);
    const revision = await hub.merge(1, how);
    expect(stateOf(await other.report(place, order.key, never))).toEqual(["Applied", "Committed", revision]);
    expect(stateOf(await deliverer.deliver(place, order, never))).toEqual(["Applied", "Committed", revision]);
    expect(await deliverer.observe(place, never)).toMatchObject({
      status: { apps: [{ version: "2.0.0", digest: digest("b") }], seen: [{ sequence: 1, state: "Applied" }] },
    });
    expect(await there.read(FILE)).toBe(kustomization("2.0.0", "b"));

    expect(stateOf(await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never))[0]).toBe("Switching");
    await hub.merge(2, how);
    expect(await there.read(FILE)).toBe(kustomization("1.0.0", "a"));
    expect(hub.all()).toHaveLength(2);
  },
);

test("one that was closed has failed, also when it is asked for again", async () => {
  const { hub, place, deliverer } = await open();
  const order = assignment(1, "2.0.0", "b");
  await deliverer.deliver(place, order, never);
  hub.close(1);
  expect(stateOf(await deliverer.report(place, order.key, never))[1]).toBe("PullRequestClosed");
  expect(stateOf(await deliverer.deliver(place, order, never))).toEqual(["Failed", "PullRequestClosed", undefined]);
  expect(hub.all()).toHaveLength(1);
});

test("a newer delivery closes the one that nobody merged, and an older one comes too late", async () => {
  const { hub, place, deliverer } = await open();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  await deliverer.deliver(
    place,
    assignment(1, "2.0.0", "b", { app: "ra", layer: "web", key: "uid-1.ra.web.1" }),
    never,
  );
  await deliverer.deliver(place, assignment(3, "3.0.0", "c"), never);
  expect(hub.all().map(({ state }) => state)).toEqual(["closed", "open", "open"]);
  expect(await deliverer.deliver(place, assignment(2, "2.5.0", "d"), never)).toMatchObject({
    reason: "SequenceTooLow",
    sequence: 3,
  });
});

test("a restore before anybody merged closes the pull request, and nobody can merge it later", async () => {
  const { there, hub, place, deliverer } = await open();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  const answer = await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never);
  expect(stateOf(answer).slice(0, 2)).toEqual(["Applied", "AlreadyThere"]);
  expect(hub.all()).toMatchObject([{ state: "closed" }]);
  expect(await there.log()).toHaveLength(1);
});

test("a branch that was pushed before a crash gets its pull request, once", async () => {
  const { there, hub, place, deliverer } = await open();
  const order = assignment(1, "2.0.0", "b");
  hub.answer(502, { method: "POST" });
  expect(stateOf(await deliverer.deliver(place, order, never))[0]).toBe("Unreachable");
  hub.answer(undefined);
  const branches = await there.git(["for-each-ref", "refs/heads/ashat"]);
  expect(branches.trim().split("\n")).toHaveLength(1);
  expect(stateOf(await (await scene.deliverer()).deliver(place, order, never))[0]).toBe("Switching");
  expect(hub.all()).toHaveLength(1);
  expect(await there.git(["for-each-ref", "refs/heads/ashat"])).toBe(branches);
});

test("one that was merged under other words is applied, and taken back by hand only", async () => {
  const { hub, place, deliverer } = await open();
  const order = assignment(1, "2.0.0", "b");
  await deliverer.deliver(place, order, never);
  const revision = await hub.merge(1, "squash", "Ship it");
  expect(stateOf(await deliverer.report(place, order.key, never))).toEqual(["Applied", "Committed", revision]);
  const answer = await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never);
  expect(answer).toMatchObject({ state: "Refused", reason: "TrailersMissing" });
  expect(JSON.stringify(answer)).toContain(`git revert ${revision}`);
});

test.each<readonly [string, number, Readonly<Record<string, string>>, object, string]>([
  ["a token that is refused", 401, {}, { state: "Refused", status: 401, reason: "Unauthorized" }, "the key token"],
  ["a token without the right", 403, {}, { state: "Refused", status: 403, reason: "Forbidden" }, "write pull requests"],
  ["a repository it may not see", 404, {}, { state: "Refused", reason: "RepositoryMissing" }, "acme/deploy"],
  ["a limit", 429, { "retry-after": "120" }, { state: "Unreachable" }, "rate limit"],
  [
    "another limit",
    403,
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "4000000000" },
    { state: "Unreachable" },
    "rate limit",
  ],
  ["trouble of its own", 503, {}, { state: "Unreachable" }, "HTTP 503"],
])("%s is told in one sentence, and no secret is in it", async (_, status, headers, expected, words) => {
  const { hub, place, deliverer } = await open();
  hub.answer(status, { headers });
  const answer = await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  expect(answer).toMatchObject(expected);
  expect(JSON.stringify(answer)).toContain(words);
  expect(JSON.stringify(answer)).not.toContain(PASSWORD);
});

test("as long as a limit lasts nothing is asked", async () => {
  const { hub, place } = await open();
  let now = Date.now();
  const deliverer = await scene.deliverer({ now: () => now });
  hub.answer(429, { headers: { "retry-after": "120" } });
  await deliverer.report(place, "uid-1.ra.main.1", never);
  hub.answer(undefined);
  const before = hub.came.length;
  expect(await deliverer.report(place, "uid-1.ra.main.1", never)).toMatchObject({ state: "Unreachable" });
  expect(hub.came.length).toBe(before);
  now += 121_000;
  expect(await deliverer.report(place, "uid-1.ra.main.1", never)).toMatchObject({ reason: "NotFound" });
});
