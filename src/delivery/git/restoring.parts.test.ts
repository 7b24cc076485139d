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
const never = new AbortController().signal;
let count = 0;
const repository = (files: Readonly<Record<string, string>> = { [FILE]: kustomization("1.0.0", "a") }) => {
  count += 1;
  return scene.git.repository(`restore-${count}`, { files });
};

const reportOf = (answer: Assigning) => {
  if (answer.state !== "Answered") throw new Error(JSON.stringify(answer));
  return answer.report;
};

test("a restore writes back exactly what the delivery wrote, and nothing of others", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  await there.commit({
    [FILE]: `${kustomization("2.0.0", "b")}replicas: [{name: shop, count: 3}]\n`,
    "other.yaml": "a: 1\n",
  });
  const report = reportOf(await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never));
  expect(report).toMatchObject({ state: "Applied", revision: await there.head() });
  expect(await there.read(FILE)).toBe(`${kustomization("1.0.0", "a")}replicas: [{name: shop, count: 3}]\n`);
  expect(await there.read("other.yaml")).toBe("a: 1\n");
  const [restored] = await there.log();
  expect(restored?.message).toMatch(/^Restore ra 1.0.0 to shop\/staging\n[\s\S]*Ashat-Undoes: 1\n/);
  expect(await deliverer.observe(place, never)).toMatchObject({
    status: { apps: [{ version: "1.0.0", digest: digest("a"), sequence: 2 }] },
  });
  expect(reportOf(await deliverer.deliver(place, restoring(3, 1, "1.0.0", "a"), never)).reason).toBe("AlreadyThere");
  expect(reportOf(await deliverer.deliver(place, restoring(4, 99, "1.0.0", "a"), never)).message).toContain(
    "has written nothing",
  );
});

test("a restore takes away a digest that was added, to the byte", async () => {
  const before = `images:\n- name: ${REF}\n  newTag: 1.0.0 # tag\n`;
  const there = await repository({ [FILE]: before });
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  expect(await there.read(FILE)).toContain(`  digest: ${digest("b")}\n`);
  await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never);
  expect(await there.read(FILE)).toBe(before);
});

test("a restore writes nothing where somebody changed the same value since", async () => {
  const there = await repository();
  const place = scene.place(there.url);
  const deliverer = await scene.deliverer();
  await deliverer.deliver(place, assignment(1, "2.0.0", "b"), never);
  await there.commit({ [FILE]: kustomization("2.0.1", "b") });
  const answer = await deliverer.deliver(place, restoring(2, 1, "1.0.0", "a"), never);
  expect(answer).toMatchObject({ state: "Refused", reason: "Conflict", status: 409 });
  expect(JSON.stringify(answer)).toContain(`${FILE}: /images/[${REF}]/newTag was changed by somebody else`);
  expect(await there.log()).toHaveLength(3);
});
