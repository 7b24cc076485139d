import { afterAll, beforeAll, expect, test } from "vitest";
import {
  assignment,
  digest,
  type GitScene,
  kustomization,
  openGitScene,
  restoring,
} from "../../../test/world/git-scene.ts";
import { generateKeys, parseSigningKey } from "../../licence/keys.ts";
import { createCommitSeal } from "./seal.ts";

let scene: GitScene;
beforeAll(async () => {
  scene = await openGitScene();
});
afterAll(() => scene.end());

const never = new AbortController().signal;
const FILE = "apps/ra/staging/kustomization.yaml";
let count = 0;

const open = async () => {
  count += 1;
  const there = await scene.git.repository(`forged-${count}`, { files: { [FILE]: kustomization("1.0.0", "a") } });
  return { there, place: scene.place(there.url), deliverer: await scene.deliverer() };
};

/** What a commit of the operator would say, by somebody who may push and has no key. */
const words = (sequence: number, version: string, letter: string, more: readonly string[] = []): string =>
  [
    `Deliver ra ${version} to shop/staging`,
    "",
    "Ashat-Target: shop/staging (uid-1)",
    "Ashat-Path: apps/ra/staging",
    `Ashat-Order: uid-1.ra.main.${sequence}`,
    `Ashat-Version: ${version}`,
    `Ashat-Digest: ${digest(letter)}`,
    `Ashat-Sequence: ${sequence}`,
    ...more,
    "",
  ].join("\n");

const WROTE = `Ashat-Wrote: {"file":"${FILE}","document":0,"path":["images",{"name":"registry.example/ra"},"newTag"]}`;

test.each<readonly [string, readonly string[]]>([
  ["nothing that it wrote", []],
  ["something that it did not write", [WROTE]],
  ["a seal of somebody's own", [WROTE, `Ashat-Values: ${"0".repeat(32)}`, `Ashat-Seal: ${"0".repeat(32)}`]],
])("a commit on another file that says of itself that it delivered, with %s, is no delivery", async (_, more) => {
  const { there, place, deliverer } = await open();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  await there.commit({ "README.md": "nothing else\n" }, words(2, "3.0.0", "c", more));
  for (const asked of [deliverer, await scene.deliverer()])
    expect(await asked.observe(place, never)).toMatchObject({
      status: {
        apps: [{ sequence: 1, version: "2.0.0", digest: digest("b") }],
        seen: [{ app: "ra", sequence: 1 }],
      },
    });
  const order = assignment(2, "3.0.0", "c");
  expect(await deliverer.report(place, order.key, never)).toMatchObject({ reason: "NotFound" });
  const answer = await deliverer.deliver(place, order, never);
  expect(answer).toMatchObject({ report: { reason: "Committed", activations: 1, revision: await there.head() } });
  expect(await there.read(FILE)).toBe(kustomization("3.0.0", "c"));
  expect(await (await scene.deliverer()).deliver(place, order, never)).toMatchObject({
    report: { revision: await there.head() },
  });
});

test.each(["9999999999", "1999999999", "01", "1.5", "-3"])(
  "a sequence of %s that somebody wrote into a commit leaves ours as they are",
  async (sequence) => {
    const { there, place, deliverer } = await open();
    const text = words(1, "3.0.0", "c", [WROTE]).replace(".main.1", `.main.${sequence}`);
    await there.commit({ "README.md": "nothing else\n" }, text);
    expect(await deliverer.observe(place, never)).toMatchObject({ status: { seen: [] } });
    expect(await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never)).toMatchObject({
      report: { reason: "Committed" },
    });
  },
);

test("words of ours that are said again, or with one of them changed, are no delivery", async () => {
  const { there, place, deliverer } = await open();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  const ours = (await there.log())[0];
  await deliverer.deliver(place, assignment(2, "3.0.0", "c"), never);
  const newest = (await there.log())[0];
  await there.commit({ "README.md": "once\n" }, ours?.message);
  await there.commit({ "README.md": "twice\n" }, newest?.message);
  await there.commit(
    { "README.md": "more\n" },
    newest?.message.replace(`Digest: ${digest("c")}`, `Digest: ${digest("d")}`),
  );
  for (const asked of [deliverer, await scene.deliverer()]) {
    expect(await asked.observe(place, never)).toEqual({
      state: "Answered",
      status: {
        apps: [
          {
            app: "ra",
            layer: "main",
            sequence: 2,
            version: "3.0.0",
            digest: digest("c"),
            modules: [],
            previous: { version: "2.0.0", digest: digest("b") },
          },
        ],
        seen: [{ app: "ra", layer: "main", sequence: 2, key: "uid-1.ra.main.2", state: "Applied" }],
      },
    });
    for (const [sequence, commit] of [ours, newest].entries())
      expect(await asked.report(place, `uid-1.ra.main.${sequence + 1}`, never)).toMatchObject({
        report: { revision: commit?.revision },
      });
  }
  // Also where they come with what they say: what was delivered last stays what was delivered last.
  await there.commit({ [FILE]: kustomization("2.0.0", "b") }, ours?.message);
  for (const asked of [deliverer, await scene.deliverer()])
    expect(await asked.observe(place, never)).toMatchObject({
      status: { apps: [{ sequence: 2, version: "2.0.0", digest: digest("b") }], seen: [{ sequence: 2 }] },
    });
  await there.commit({ [FILE]: kustomization("3.0.0", "c") }, "And back");
  // What stood there before is what our commit found, not what a copy of its words found.
  expect(await deliverer.deliver(place, restoring(3, 2, "2.0.0", "b"), never)).toMatchObject({
    report: { reason: "Committed" },
  });
  expect(await there.read(FILE)).toBe(kustomization("2.0.0", "b"));
});

test("after the order key was replaced, what stands in the files decides", async () => {
  const { there, place, deliverer } = await open();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  const { privateJwk } = await generateKeys();
  const other = await scene.deliverer({ seal: await createCommitSeal(await parseSigningKey(privateJwk)) });
  expect(await other.observe(place, never)).toEqual({
    state: "Answered",
    status: {
      apps: [{ app: "ra", layer: "main", sequence: 1, version: "2.0.0", digest: digest("b"), modules: [] }],
      seen: [],
    },
  });
  const again = await other.deliver(place, assignment(1, "2.0.0", "b"), never);
  expect(again).toMatchObject({ report: { reason: "AlreadyThere" } });
  const undoing = await other.deliver(place, restoring(2, 1, "1.0.0", "a"), never);
  expect(undoing).toMatchObject({ state: "Refused", reason: "SealMissing" });
  expect(JSON.stringify(undoing)).toContain(`git revert ${await there.head()}`);
  expect(await there.log()).toHaveLength(2);
  await other.deliver(place, assignment(3, "3.0.0", "c"), never);
  expect(await other.observe(place, never)).toMatchObject({
    status: { apps: [{ sequence: 3, previous: { version: "2.0.0" } }], seen: [{ sequence: 3 }] },
  });
});

test("where nothing was ever delivered, words that lead to another file tell nothing", async () => {
  const { there, place, deliverer } = await open();
  const decoy = WROTE.replace(FILE, "decoy.yaml").replace("newTag", "digest");
  await there.commit({ "decoy.yaml": kustomization("3.0.0", "c") }, words(1, "3.0.0", "c", [decoy]));
  expect(await deliverer.observe(place, never)).toEqual({ state: "Answered", status: { apps: [], seen: [] } });
});

test("what has spaces, lines and half characters in it is sealed and read again as it is", async () => {
  const { there, place, deliverer } = await open();
  const odd = " two  spaces\u00a0\u2028and\ta tab\ud83d ";
  const change = [{ yaml: { file: "odd.yaml", path: "/a  b/c d", value: "{version}" } }];
  await there.commit({ "apps/ra/staging/odd.yaml": "a  b: {c d: 1.0.0}\n" });
  const order = assignment(1, "2.0.0", "b", {
    approvers: [odd, "\n", ""],
    update: { name: odd, uid: "u", description: odd.repeat(100) },
  });
  const at = { ...place, change };
  await deliverer.deliver(at, order, never);
  const revision = await there.head();
  const next = await scene.deliverer();
  expect(await next.report(at, order.key, never)).toMatchObject({ report: { revision } });
  expect(await next.deliver(at, order, never)).toMatchObject({ report: { revision } });
  expect(await next.observe(at, never)).toMatchObject({ status: { apps: [{ sequence: 1, version: "2.0.0" }] } });
});
