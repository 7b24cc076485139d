import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import { type Said, shellOf } from "../world/deploy.ts";
import { licenceFor } from "../world/manifests.ts";
import type { Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const scene = openScene();

const lines = ({ out }: Said): readonly string[] => out.trimEnd().split("\n");

/** Ada administers the namespace; ann and ben may act; archives are where this shell's environment says. */
const room = async (prefix: string) => {
  const opened = await scene.room(prefix);
  const { namespace } = opened;
  await opened.apply({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { namespace, name: "ashat-admin" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "ashat-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ada" }],
  });
  const env = { ASHAT_ARCHIVE_URL: scene.world().archives.urlOf(`${prefix}-{id}.tgz`) };
  const as = (user: string, extra: Readonly<Record<string, string>> = env) =>
    shellOf(scene.cluster, scene.world(), user, namespace, extra);
  const release = (id: string, options: Parameters<ReturnType<typeof scene.world>["archives"]["build"]>[0]) =>
    scene.world().archives.build({ ...options, file: `${prefix}-${id}.tgz` });
  return { room: opened, as, release };
};

const sided = (at: Awaited<ReturnType<Room["target"]>>): string =>
  `--agent ${at.agentUrl} --pin ${at.certificate.sha256}`;

test.concurrent("the session of the original, word for word, from an empty namespace to a mainframe", async () => {
  const { room: opened, as, release } = await room("session");
  const [ada, ann] = await Promise.all([as("ada"), as("ann")]);
  const staging = await opened.target("public-staging");
  const omega = await opened.target("omega-production");
  const customer = await opened.target("mainframe-101", { licensed: true });
  const plain = await opened.plainWire(staging.url);
  await release("security-patch-001", { version: "9.4.2" });

  expect(await ann("deploy servers")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^No server is configured[^]*\nNext: deploy configure public <url> <name>\n$/),
  });
  const early = await ann("deploy push security-patch-001 'Critical security fixes'");
  expect(early).toMatchObject({ code: 1, out: "" });
  expect(early.err).toMatch(/^Public Server not configured: .*\nNext: deploy configure public <url> <name>\n$/);

  const asked = `deploy configure public ${plain.url} PublicStaging`;
  const forbidden = await ann(asked);
  expect(forbidden.code).toBe(1);
  expect(forbidden.err).toContain("It needs the role ashat-admin in namespace");
  const configured = await ada(`${asked} ${sided(staging)}`);
  expect(configured).toMatchObject({ code: 0, err: "" });
  expect(lines(configured)[0]).toBe("Public Server configured: PublicStaging (public-staging)");
  expect(configured.out).toContain("Insecure: it is reached by http://");
  expect(configured.out).not.toContain("agent cannot");
  expect(lines(configured).at(-1)).toBe("Next: deploy configure omega <url> <name>");
  expect(lines(await ada(asked))[0]).toBe(
    "Public Server PublicStaging (public-staging) is configured so already; nothing was changed.",
  );

  const pushed = await ann("deploy push security-patch-001 'Critical security fixes'");
  expect(pushed.code, pushed.err).toBe(0);
  expect(lines(pushed).slice(0, 2)).toEqual(["Update ID: security-patch-001", "Target: PublicStaging"]);
  expect(pushed.out).toContain("Deployment Plan: 4 steps");
  expect(lines(pushed).at(-1)).toBe("Next: deploy verify security-patch-001");

  const again = await ann("deploy push security-patch-001 'Critical security fixes'");
  expect(again.code).toBe(1);
  expect(again.err).toMatch(/^Deployment session already exists: security-patch-001 is /);

  const verified = await ann("deploy verify security-patch-001");
  expect(verified.code, verified.err).toBe(0);
  expect(lines(verified)[0]).toBe("Verification PASSED!");
  expect(verified.out).toMatch(/Health Check +Passed/);
  expect(await staging.version()).toBe("9.4.2");

  const tooSoon = await ann("deploy approve security-patch-001");
  expect(tooSoon.code).toBe(1);
  expect(tooSoon.err).toMatch(/^OMEGA Server not configured: .*\nNext: deploy configure omega <url> <name>\n$/);

  expect((await ada(`deploy configure omega ${omega.url} OmegaProduction ${sided(omega)}`)).out).toContain(
    "OMEGA Server configured: OmegaProduction (omega-production)",
  );
  const licence = join(scene.world().dir, `${opened.namespace}.licence`);
  await writeFile(licence, await licenceFor(scene.world().keys, opened.namespace, "mainframe-101"));
  const fed = await ada(
    `deploy configure mainframe ${customer.url} 'mainframe 101' ${sided(customer)} --licence ${licence}`,
  );
  expect(lines(fed)[0]).toBe("Mainframe configured: mainframe 101 (mainframe-101)");
  expect(fed.out).not.toContain("a licence: without one");

  await opened.untilUpdate("security-patch-001", ({ phase }) => phase === "AwaitingApproval");
  const mallory = await as("mallory");
  const refused = await mallory("deploy approve security-patch-001");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("You (mallory) may not do this: mallory may not approve on tier omega");
  expect(refused.err).toContain(
    `kubectl create rolebinding ashat-approver-omega-mallory --clusterrole=ashat-approver-omega --user=mallory -n ${opened.namespace}`,
  );

  const approved = await ann("deploy approve security-patch-001 --reason 'looked at it' --wait");
  expect(approved.code, approved.err).toBe(0);
  expect(approved.out).toMatch(/sha256:[0-9a-f]{64}/);
  expect(approved.out).toContain("Approved: security-patch-001 for OMEGA, by ann.");
  expect(lines(approved).at(-1)).toBe("Next: deploy history security-patch-001 --verify");
  expect(await Promise.all([omega.version(), customer.version()])).toEqual(["9.4.2", "9.4.2"]);

  const status = await ann("deploy status");
  expect(status.out).toMatch(/^ID +VERSION +PHASE[^]*\nsecurity-patch-001 +9\.4\.2 +Completed/);
  expect((await ann("deploy status security-patch-001")).out).toMatch(
    /OMEGA +Passed +1 of 1 passed\n- OmegaProduction +Passed +1\/1/,
  );
  expect((await ann("deploy history")).out).toContain("ann");
  expect(await ann("deploy history security-patch-001 --verify")).toMatchObject({ code: 0 });
  const servers = await ann("deploy servers");
  expect(servers.out).toMatch(/\nPublic +PublicStaging +9\.4\.2 +yes/);
  expect(servers.out).toMatch(/\nOMEGA +OmegaProduction +9\.4\.2 +yes/);
  expect(servers.out).toMatch(/\nwave 1 +- mainframe 101 +9\.4\.2 +yes/);

  const late = await ann("deploy approve security-patch-001");
  expect(late.code).toBe(1);
  expect(late.err).toMatch(/^Not ready for approval: it is Completed: /);
  const records = await opened.records("security-patch-001");
  expect(records.flatMap(({ approvals = [] }) => approvals)).toMatchObject([{ user: "ann", reason: "looked at it" }]);
  expect(verifyChain(records)).toEqual([]);
});

test.concurrent("an id that nobody pushed is answered with the one that may be meant", async () => {
  const { room: opened, as, release } = await room("unknown");
  const ann = await as("ann");
  const staging = await opened.target("staging");
  await release("db-optimization-q1", { version: "1.0.0" });
  await (
    await as("ada")
  )(`deploy configure public ${staging.url} staging ${sided(staging)}`);
  expect(await ann("deploy push db-optimization-q1 'Faster queries'")).toMatchObject({ code: 0 });
  for (const verb of ["verify", "approve", "cancel", "rollback", "status"]) {
    const { code, err } = await ann(`deploy ${verb} db-optimize-q1`);
    expect(code).toBe(1);
    expect(err).toContain("There is no update db-optimize-q1 in namespace");
    expect(err).toContain("Did you mean db-optimization-q1?");
  }
});

test.concurrent(
  "a failed verification says which check, why, and what comes next; verified again it fails again",
  async () => {
    const { room: opened, as, release } = await room("failed");
    const [ada, ann] = await Promise.all([as("ada"), as("ann")]);
    const staging = await opened.target("staging");
    const omega = await opened.target("omega");
    const checks = join(scene.world().dir, `${opened.namespace}.checks.yaml`);
    await writeFile(checks, "modules: {path: /api/modules}\n");
    await ada(`deploy configure public ${staging.url} staging ${sided(staging)} --checks ${checks}`);
    await ada(`deploy configure omega ${omega.url} omega ${sided(omega)}`);
    await release("half-built", { version: "9.4.3", moduleVersions: { billing: "9.4.2" } });
    expect(await ann("deploy push half-built 'One module is old'")).toMatchObject({ code: 0 });
    const failed = await ann("deploy verify half-built");
    expect(failed.code).toBe(1);
    expect(lines(failed)[0]).toBe("Verification FAILED");
    expect(failed.out).toContain("Module Load Test failed on staging: ");
    expect(lines(failed).slice(-2)).toEqual([
      "Next: deploy verify half-built --again",
      "  or: deploy rollback half-built --tier public",
    ]);

    const notReady = await ann("deploy approve half-built");
    expect(notReady.code).toBe(1);
    expect(notReady.err).toMatch(/^Not ready for approval: .*\nNext: deploy verify half-built --again\n$/);

    const again = await ann("deploy verify half-built --again --reason 'looked at the modules'");
    expect(again.err).toContain("ann asked to verify half-built again");
    expect(again.code).toBe(1);
    expect(again.out).toContain("attempt 2");
    expect((await opened.records("half-built")).filter(({ reason }) => reason === "VerifyAsked")).toHaveLength(1);
  },
);

test.concurrent(
  "what waits is cancelled before an effect, and what was not delivered has nothing to roll back",
  async () => {
    const { room: opened, as, release } = await room("cancelled");
    const [ada, ann] = await Promise.all([as("ada"), as("ann")]);
    const staging = await opened.target("staging");
    await ada(`deploy configure public ${staging.url} staging ${sided(staging)} --approvals 1`);
    await release("not-yet", { version: "1.0.0" });
    await ann("deploy push not-yet 'Too early'");
    await opened.untilUpdate("not-yet", ({ phase }) => phase === "AwaitingApproval");
    const nothing = await ann("deploy rollback not-yet");
    expect(nothing.code).toBe(1);
    expect(nothing.err).toMatch(/nothing of it was delivered anywhere yet.*\nNext: deploy cancel not-yet\n$/);
    const cancelled = await ann("deploy cancel not-yet --reason 'wrong day'");
    expect(cancelled.code, cancelled.err).toBe(0);
    expect(lines(cancelled)[0]).toBe("Cancelled: not-yet, by ann.");
    expect((await opened.untilUpdate("not-yet", ({ phase }) => phase === "Cancelled")).message).toContain("wrong day");
    expect((await ann("deploy cancel not-yet")).err).toMatch(/^not-yet was left as it is: it is Cancelled already/);
    expect(await staging.version()).toBeUndefined();
  },
);

test.concurrent("where the archive is comes from the server, and what it holds decides what is pushed", async () => {
  const { room: opened, as, release } = await room("archive");
  const [ada, ann] = await Promise.all([as("ada"), as("ann", {})]);
  const staging = await opened.target("staging");
  const { archives } = scene.world();
  await ada(`deploy configure public ${staging.url} staging ${sided(staging)}`);
  const nowhere = await ann("deploy push first 'One'");
  expect(nowhere.code).toBe(2);
  expect(nowhere.err).toContain("It is not known where the archive of first is");
  await ada(`deploy configure public ${staging.url} staging --archive-url ${archives.urlOf("archive-{version}.tgz")}`);
  const unknown = await ann("deploy push first 'One'");
  expect(unknown).toMatchObject({ code: 2 });
  expect(unknown.err).toContain("Next: deploy push first '<description>' --version <version>");
  const { sha256 } = await release("1.4.9", { version: "1.4.9" });
  const wrong = await ann(`deploy push first 'One' --archive ${archives.urlOf("archive-1.4.9.tgz")} --version 1.5.0`);
  expect(wrong).toMatchObject({ code: 1 });
  expect(wrong.err).toContain("says it is version 1.4.9, and 1.5.0 was asked for");
  expect(await ann("deploy push First_One 'One' --version 1.4.9")).toMatchObject({ code: 0 });
  expect((await opened.update("first-one")).spec).toMatchObject({
    version: "1.4.9",
    artifact: { archive: { sha256 } },
  });
  expect((await ann("deploy verify First_One")).out).toContain("First_One, default 1.4.9, on Public");
  await release("1.4.10", { version: "1.4.10" });
  const next = await ann("deploy push second 'The next patch' -o json");
  expect(JSON.parse(next.out)).toMatchObject({ spec: { version: "1.4.10" } });
});

test.concurrent(
  "what was through is rolled back, mainframes and OMEGA; what was put back is not put back twice",
  async () => {
    const { room: opened, as, release } = await room("back");
    const [ada, ann] = await Promise.all([as("ada"), as("ann")]);
    const [staging, omega] = [await opened.target("staging"), await opened.target("omega-production")];
    await ada(`deploy configure public ${staging.url} staging ${sided(staging)}`);
    await ada(`deploy configure omega ${omega.url} OmegaProduction ${sided(omega)}`);
    for (const [id, version] of [
      ["first", "1.0.0"],
      ["second", "1.0.1"],
    ] as const) {
      await release(id, { version });
      expect(await ann(`deploy push ${id} 'Version ${version}'`)).toMatchObject({ code: 0 });
      expect(await ann(`deploy verify ${id}`)).toMatchObject({ code: 0 });
      const approved = await ann(`deploy approve ${id} --wait`);
      expect(approved.code, approved.err).toBe(0);
    }
    expect(await omega.version()).toBe("1.0.1");
    const tooOld = await ann("deploy rollback first");
    expect(tooOld.code).toBe(1);
    expect(tooOld.err).toContain("roll that back first");
    const through = await ann("deploy cancel second");
    expect(through.code).toBe(1);
    expect(through.err).toMatch(/it is Completed: .*\nNext: deploy rollback second\n$/);

    const back = await ann("deploy rollback second --reason 'customers complain' --wait");
    expect(back.code, back.err).toBe(0);
    expect(lines(back)[0]).toBe("Rollback of OMEGA asked: second, by ann.");
    expect(back.out).toContain("OmegaProduction goes back to what ran before 1.0.1");
    expect(await omega.version()).toBe("1.0.0");
    expect(await staging.version()).toBe("1.0.1");
    expect((await ann("deploy status")).out).toMatch(/\nsecond +1\.0\.1 +RolledBack/);
    const twice = await ann("deploy rollback second");
    expect(twice.code).toBe(1);
    expect(twice.err).toContain("it was put back on OMEGA already");
    expect(verifyChain(await opened.records("second"))).toEqual([]);
  },
);

test.concurrent("after an effect cancelling is rolling back, and the answer says so", async () => {
  const { room: opened, as, release } = await room("midway");
  const [ada, ann] = await Promise.all([as("ada"), as("ann")]);
  const staging = await opened.target("staging");
  await ada(`deploy configure public ${staging.url} staging ${sided(staging)}`);
  await release("fine", { version: "1.0.0" });
  await ann("deploy push fine 'Works'");
  expect(await ann("deploy verify fine")).toMatchObject({ code: 0 });
  const checks = join(scene.world().dir, `${opened.namespace}.checks.yaml`);
  await writeFile(checks, "modules: {path: /api/modules}\n");
  await ada(`deploy configure public ${staging.url} staging --checks ${checks}`);
  await release("half-built", { version: "1.0.1", moduleVersions: { billing: "1.0.0" } });
  await ann("deploy push half-built 'One module is old'");
  expect(await ann("deploy verify half-built")).toMatchObject({ code: 1 });
  expect(await staging.version()).toBe("1.0.1");
  const cancelled = await ann("deploy cancel half-built --wait");
  expect(cancelled.code, cancelled.err).toBe(0);
  expect(lines(cancelled)[0]).toBe("Rollback of Public asked: half-built, by ann.");
  expect(await staging.version()).toBe("1.0.0");
  const { out, code } = await ann("deploy verify half-built");
  expect(code).toBe(1);
  expect(lines({ out, code, err: "" })[0]).toBe("It was put back");
});

test.concurrent("a window is opened before its time by who may, with a reason, and nothing else is", async () => {
  const { room: opened, as, release } = await room("early");
  const [ada, ann, mallory] = await Promise.all([as("ada"), as("ann"), as("mallory")]);
  const staging = await opened.target("staging");
  await ada(`deploy configure public ${staging.url} staging ${sided(staging)}`);
  await release("urgent", { version: "1.0.0" });
  const days = [["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(new Date().getUTCDay() + 3) % 7]];
  const windows = JSON.stringify({ spec: { windows: [{ days, from: "02:00", to: "04:00" }] } });
  const { namespace } = opened;
  await scene.cluster.kubectl(["patch", "asrv", "staging", "-n", namespace, "--type=merge", "-p", windows]);
  await ann("deploy push urgent 'The shop is down'");
  await opened.untilUpdate("urgent", ({ blockedBy }) => blockedBy?.[0]?.gate === "window");

  expect(lines(await ann("deploy status urgent")).at(-1)).toBe(
    "  or: in an emergency: deploy override urgent --reason '<why>'",
  );
  const unsaid = await ann("deploy override urgent");
  expect(unsaid).toMatchObject({ code: 2, err: expect.stringContaining("--reason <text>") });
  const refused = await mallory("deploy override urgent --reason 'let me'");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("You (mallory) may not do this: mallory may not override on tier public");
  const early = await ann("deploy override urgent --reason 'the shop is down' --wait");
  expect(early.code, early.err).toBe(0);
  expect(lines(early)[0]).toBe("Opened before the time: window of Public, by ann.");
  expect(await staging.version()).toBe("1.0.0");
  const again = await ann("deploy override urgent --reason 'once more'");
  expect(again.code).toBe(1);
  expect(again.err).toMatch(/^There is nothing to override: no window and no soak keeps urgent waiting now: /);
  expect((await opened.records("urgent")).flatMap(({ overrides = [] }) => overrides)).toEqual([
    { user: "ann", reason: "the shop is down", gates: ["window"] },
  ]);
});
