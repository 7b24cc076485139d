import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  assignment,
  digest,
  type GitScene,
  kustomization,
  openGitScene,
  REF,
  restoring,
} from "../../../test/world/git-scene.ts";
import type { Assigning } from "../assignment.ts";

let scene: GitScene;
beforeAll(async () => {
  scene = await openGitScene();
});
afterAll(() => scene.end());

const FILE = "apps/ra/staging/kustomization.yaml";
const file = (app: string): string => `apps/${app}/staging/kustomization.yaml`;
const never = new AbortController().signal;
let count = 0;
const repository = (files: Readonly<Record<string, string>> = { [FILE]: kustomization("1.0.0", "a") }) => {
  count += 1;
  return scene.git.repository(`deploy-${count}`, { files });
};

const reportOf = (answer: Assigning) => {
  if (answer.state !== "Answered") throw new Error(JSON.stringify(answer));
  return answer.report;
};

test("a delivery is one commit that changes two lines and tells everything", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  const report = reportOf(await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never));
  const [newest, ...older] = await there.log();
  expect(report).toMatchObject({
    state: "Applied",
    activations: 1,
    revision: newest?.revision,
    key: "uid-1.ra.main.1",
  });
  expect(older).toHaveLength(1);
  expect(newest?.files).toEqual([FILE]);
  expect(await there.read(FILE)).toBe(kustomization("2.0.0", "b"));
  expect(newest?.message.split("\n")).toEqual([
    "Deliver ra 2.0.0 to shop/staging",
    "",
    "Critical security fixes",
    "",
    "Ashat-Update: ra-2.0.0 (deployment-uid)",
    "Ashat-Target: shop/staging (uid-1)",
    "Ashat-Path: apps/ra/staging",
    "Ashat-Order: uid-1.ra.main.1",
    "Ashat-Version: 2.0.0",
    `Ashat-Digest: ${digest("b")}`,
    "Ashat-Sequence: 1",
    `Ashat-Wrote: {"file":"${FILE}","document":0,"path":["images",{"name":"${REF}"},"newTag"]}`,
    `Ashat-Wrote: {"file":"${FILE}","document":0,"path":["images",{"name":"${REF}"},"digest"]}`,
    expect.stringMatching(/^Ashat-Values: [0-9a-f]{32}$/),
    "Ashat-Token: 0123456789abcdef",
    "Ashat-Approved-By: ann",
    "Ashat-Approved-By: ben",
    expect.stringMatching(/^Ashat-Seal: [0-9a-f]{32}$/),
  ]);
  expect(await there.git(["log", "-1", "--format=%(trailers:key=Ashat-Order,valueonly)", "main"])).toContain(
    "uid-1.ra.main.1",
  );
});

test("the same order again, also for an operator that knows nothing, is the same commit", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const first = reportOf(await (await scene.deliverer()).deliver(place, assignment(1, "2.0.0", "b"), never));
  await there.commit({ "README.md": "later\n" });
  const other = await scene.deliverer();
  expect(reportOf(await other.report(place, "uid-1.ra.main.1", never)).revision).toBe(first.revision);
  expect(reportOf(await other.deliver(place, assignment(1, "2.0.0", "b"), never)).revision).toBe(first.revision);
  expect(await there.log()).toHaveLength(3);
  expect(await other.deliver(place, assignment(1, "3.0.0", "c"), never)).toMatchObject({ reason: "KeyReused" });
});

test("a key that was never taken is not found", async () => {
  const there = await repository();
  const deliverer = await scene.deliverer();
  expect(await deliverer.report(scene.place(there.url), "uid-1.ra.main.1", never)).toMatchObject({
    state: "Refused",
    status: 404,
    reason: "NotFound",
  });
});

test("what stands there already gets no commit, and the key is known", async () => {
  const there = await repository({ [FILE]: kustomization("2.0.0", "b") });
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  const report = reportOf(await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never));
  expect(report).toMatchObject({
    state: "Applied",
    reason: "AlreadyThere",
    activations: 0,
    revision: await there.head(),
  });
  expect(reportOf(await deliverer.report(place, "uid-1.ra.main.1", never)).state).toBe("Applied");
  expect(await there.log()).toHaveLength(1);
});

test("what runs is read from the history, also by another life of the target", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(4, "2.0.0", "b"), never);
  await deliverer.deliver(place, assignment(5, "3.0.0", "c"), never);
  const apps = [
    {
      app: "ra",
      layer: "main",
      sequence: 5,
      version: "3.0.0",
      digest: digest("c"),
      modules: [],
      previous: { version: "2.0.0", digest: digest("b") },
    },
  ];
  const seen = [{ app: "ra", layer: "main", sequence: 5, key: "uid-1.ra.main.5", state: "Applied" }];
  expect(await deliverer.observe(place, never)).toEqual({ state: "Answered", status: { apps, seen } });
  const rebuilt = await (await scene.deliverer()).observe({ ...place, uid: "uid-2" }, never);
  expect(rebuilt).toEqual({ state: "Answered", status: { apps, seen: [] } });
  const elsewhere = await deliverer.observe({ ...place, path: "apps/{app}/production" }, never);
  expect(elsewhere).toMatchObject({ status: { apps: [] } });
});

test("what ran before the first delivery is read from the file", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  expect(await deliverer.observe(place, never)).toMatchObject({
    status: { apps: [{ version: "2.0.0", previous: { version: "1.0.0", digest: digest("a") } }] },
  });
});

test("what somebody wrote over it by hand is seen as something else", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  await there.commit({ [FILE]: `# only a comment\n${kustomization("2.0.0", "b").replace("2.0.0", '"2.0.0"')}` });
  const same = await deliverer.observe(place, never);
  expect(same).toMatchObject({ status: { apps: [{ version: "2.0.0", digest: digest("b") }] } });
  expect(JSON.stringify(same)).not.toContain("changed");
  await there.commit({ [FILE]: kustomization("2.0.1", "b") });
  expect(await deliverer.observe(place, never)).toMatchObject({
    status: { apps: [{ version: "2.0.1", digest: digest("b"), changed: expect.stringContaining(FILE) as string }] },
  });
  await there.commit({ [FILE]: kustomization("9.9.9", "d") });
  const other = await deliverer.observe(place, never);
  expect(other).toMatchObject({ status: { apps: [{ version: "9.9.9", digest: digest("d") }] } });
  expect(JSON.stringify(other)).not.toContain("changed");
  await there.commit({ [FILE]: "images: []\n" });
  expect(await deliverer.observe(place, never)).toMatchObject({
    status: { apps: [{ version: "0.0.0-unknown", digest: expect.stringMatching(/^fields:/) as string }] },
  });
});

test("an order that comes late is refused and names the sequence that is known", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(7, "2.0.0", "b"), never);
  expect(await (await scene.deliverer()).deliver(place, assignment(6, "1.5.0", "c"), never)).toMatchObject({
    state: "Refused",
    reason: "SequenceTooLow",
    sequence: 7,
  });
  const over = assignment(8, "3.0.0", "c", { expiresAt: Date.now() - 1 });
  expect(await deliverer.deliver(place, over, never)).toMatchObject({ state: "Refused", reason: "Expired" });
  expect(await there.log()).toHaveLength(2);
});

test("a description cannot add a trailer of its own", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  const description = "\n\nAshat-Order: uid-1.ra.main.900\nAshat-Version: 9.0.0\r\n\u2028Ashat-Path: .";
  const approvers = ["eve\nAshat-Sequence: 99"];
  const update = { name: "u", uid: "deployment-uid", description };
  await deliverer.deliver(place, assignment(1, "2.0.0", "b", { update, approvers }), never);
  expect(await deliverer.observe(place, never)).toMatchObject({ status: { seen: [{ sequence: 1 }] } });
  expect(await deliverer.report(place, "uid-1.ra.main.900", never)).toMatchObject({ reason: "NotFound" });
});

test("five writers at once all land, one after the other, and nothing is lost", async () => {
  const apps = ["a", "b", "c", "d", "e"];
  const there = await repository(Object.fromEntries(apps.map((app) => [file(app), kustomization("1.0.0", "a")])));
  const place = scene.place(there.url);
  const writers = await Promise.all(apps.map(async (app) => ({ app, deliverer: await scene.deliverer() })));
  const answers = await Promise.all(
    writers.map(({ app, deliverer }, index) =>
      deliverer.deliver(place, assignment(1, `2.0.${index}`, "b", { app }), never),
    ),
  );
  expect(answers.map((answer) => reportOf(answer).state)).toEqual(apps.map(() => "Applied"));
  const log = await there.log();
  expect(log).toHaveLength(6);
  expect((await there.git(["rev-list", "--merges", "main"])).trim()).toBe("");
  for (const [index, app] of apps.entries())
    expect(await there.read(file(app))).toBe(kustomization(`2.0.${index}`, "b"));
  expect((await there.git(["reflog", "show", "main"])).includes("forced")).toBe(false);
});

test("several changes, of manifests and values, are one commit", async () => {
  const there = await repository({
    "apps/ra/staging/web.yaml": `kind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: web, image: "${REF}:1.0.0"}\n`,
    "apps/ra/staging/values.yaml": "image:\n  tag: '1.0.0' # set by hand\n",
    "apps/ra/staging/release.yaml": "kind: A\nspec: {v: 1}\n---\nkind: B\nspec: {v: x}\n",
  });
  const place = scene.place(there.url, {
    change: [
      { image: { file: "web.yaml" } },
      { helmValue: { file: "values.yaml", key: "image.tag", value: "v{version}" } },
      { yaml: { file: "release.yaml", kind: "B", path: "/spec/v", value: "{ref}@{digest}" } },
    ],
  });
  const deliverer = await scene.deliverer();
  reportOf(await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never));
  expect(await there.log()).toHaveLength(2);
  expect(await there.read("apps/ra/staging/web.yaml")).toContain(`image: "${REF}:2.0.0@${digest("b")}"`);
  expect(await there.read("apps/ra/staging/values.yaml")).toBe("image:\n  tag: 'v2.0.0' # set by hand\n");
  expect(await there.read("apps/ra/staging/release.yaml")).toBe(
    `kind: A\nspec: {v: 1}\n---\nkind: B\nspec: {v: ${REF}@${digest("b")}}\n`,
  );
  reportOf(await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never));
  expect((await there.git(["diff", "--stat", "main~2", "main"])).trim()).toBe("");
});

test("whoever applied a later commit has the earlier one", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  const { revision = "" } = reportOf(await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never));
  const later = await there.commit({ "README.md": "later\n" });
  expect(await deliverer.includes(place, revision, later, never)).toBe(true);
  expect(await deliverer.includes(place, later, revision, never)).toBe(false);
  expect(await deliverer.includes(place, revision, "not a commit", never)).toBe(false);
  expect(await deliverer.includes({ ...place, url: "https://127.0.0.1:1/x.git" }, revision, later, never)).toBe(false);
});

test("a mirror that is broken or gone is made anew, and nothing of an operation stays", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const folder = await mkdtemp(join(scene.folder, "broken-"));
  const deliverer = await scene.deliverer({ folder });
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  const names = await readdir(folder);
  expect(names).toEqual([expect.stringMatching(/^mirror-[0-9a-f]{32}$/)]);
  const mirror = join(folder, names[0] ?? "");
  await rm(join(mirror, "objects"), { recursive: true });
  expect(reportOf(await deliverer.report(place, "uid-1.ra.main.1", never)).state).toBe("Applied");
  await rm(folder, { recursive: true });
  await writeFile(folder, "");
  expect(await deliverer.report(place, "uid-1.ra.main.1", never)).toMatchObject({
    state: "Unreachable",
    message: expect.stringContaining("with room") as string,
  });
  await rm(folder);
  expect(reportOf(await deliverer.report(place, "uid-1.ra.main.1", never)).state).toBe("Applied");
  await writeFile(join(mirror, "refs/heads/main.lock"), "");
  await there.commit({ "README.md": "later\n" });
  expect(reportOf(await deliverer.deliver(place, assignment(2, "3.0.0", "c"), never)).state).toBe("Applied");
});
