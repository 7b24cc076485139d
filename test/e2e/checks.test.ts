import { expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import { JOBS, PODS } from "../../src/controllers/kinds.ts";
import { notOwned } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { activations, movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

const QUICK = ["--verification-attempts=2", "--pod-start-timeout=2"] as const;
const scene = openScene({ flags: QUICK });
const modules = { checks: { modules: { path: "/api/modules" } } };

test.concurrent("a required check that nobody configured stops the update before anything is delivered", async () => {
  const room = await scene.room("nochecks");
  const { namespace } = room;
  const at = await room.target("staging");
  await room.apply(
    server(namespace, "Public", at, { checks: { required: ["Health Check", "Database Connection"] } }),
    update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
  );
  const waiting = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "checks");
  expect(waiting.message).toBe(
    "NoChecks: server staging requires Database Connection and does not configure it (who administers the namespace: complete spec.checks)",
  );
  expect(movesOf(await room.records("first"))).toEqual([">Waiting Created"]);
  expect((await room.agent(at)).seen).toEqual([]);
  await room.apply(server(namespace, "Public", at, modules));
  await room.untilUpdate("first", ({ tier }) => tier === "omega");
});

/** An update whose health check hangs in the server, so that its Job can be troubled while it runs. */
const whileChecking = async (prefix: string, trouble: (room: Room, job: string) => Promise<void>) => {
  const room = await scene.room(prefix);
  const { namespace } = room;
  const at = await room.target("staging");
  const wire = await room.wire(at.url, at);
  wire.set("hang");
  await room.apply(
    server(namespace, "Public", { ...at, url: wire.url }),
    update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
  );
  await until("the check asks the server", () => wire.came.length > 0, { timeoutMs: 60_000 });
  const [job] = await room.jobs();
  await trouble(room, job?.metadata.name ?? "");
  await until("it is said to prove nothing", async () =>
    (await room.records("first")).some(({ reason }) => reason === "Inconclusive"),
  );
  wire.set("pass");
  await room.untilUpdate("first", ({ tier }) => tier === "omega");
  const records = await room.records("first");
  expect(verifyChain(records)).toEqual([]);
  expect(movesOf(records).filter((move) => move.startsWith("public Verifying"))).toEqual([
    "public Verifying>Verifying Inconclusive",
    "public Verifying>Passed Verified",
  ]);
  expect(activations(await room.agent(at))).toEqual([1]);
  const inconclusive = records.find(({ reason }) => reason === "Inconclusive");
  expect(inconclusive?.evidence?.map(({ verdict }) => verdict)).toEqual(["Inconclusive"]);
  return inconclusive?.evidence?.[0]?.message;
};

test.concurrent("a Job that is deleted while it runs proves nothing: it is tried again", async () => {
  const message = await whileChecking("deleted", (room, name) =>
    scene.client().remove(JOBS, { namespace: room.namespace, name }, { propagationPolicy: "Background" }),
  );
  expect(message).toMatch(/^Job ashat-[0-9a-f]{20} was deleted before it could finish$/);
});

test.concurrent("a pod that is killed while it runs proves nothing: it is tried again", async () => {
  const message = await whileChecking("killed", async ({ namespace }, job) => {
    const pods = await scene.client().list(PODS, { namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` });
    for (const { metadata } of pods.items)
      await scene.client().remove(PODS, { namespace, name: metadata.name }, { gracePeriodSeconds: 0 });
  });
  // A kubelet ends it with a signal first, and then the check may still say so itself.
  expect(message).toMatch(
    /^(its pod (is gone, and no document of it was seen|ended )|The check of \S+ was stopped before )/,
  );
});

test.concurrent(
  "a module that says another version is a failure: held at once with its evidence, and verified again when asked",
  async () => {
    const room = await scene.room("module");
    const { namespace } = room;
    const at = await room.target("staging");
    const release = await scene
      .world()
      .archives.build({ version: "9.4.2", file: "half.tgz", moduleVersions: { billing: "9.4.1" } });
    await room.apply(server(namespace, "Public", at, modules), update(namespace, "first", release));
    const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
    expect(held.message).toMatch(
      /^staging: Module Load Test: .*billing.*9\.4\.1.*Nothing was restored; this verifies it again: kubectl annotate deployments\.ashat\.raos\.io\/first /,
    );
    expect(held.readiness).toBe("1/2");
    const first = await room.records("first");
    expect(first.at(-1)).toMatchObject({
      from: "Verifying",
      to: "Held",
      reason: "VerificationFailed",
      targets: [{ name: "staging", attempt: 1 }],
    });
    expect(
      first.at(-1)?.evidence?.map(({ category, verdict, document }) => [category, verdict, document !== undefined]),
    ).toEqual([
      ["Health Check", "Passed", true],
      ["Module Load Test", "Failed", true],
    ]);
    await room.run("ann", held.blockedBy?.[0]?.command ?? "");
    const again = await until(
      "it was verified again",
      async () => {
        const records = await room.records("first");
        return records.length === first.length + 2 ? records : undefined;
      },
      { timeoutMs: 60_000 },
    );
    expect(again.slice(-2)).toMatchObject([
      { to: "Verifying", reason: "VerifyAsked", actor: { name: "ann", known: "Admission" } },
      { to: "Held", reason: "VerificationFailed", targets: [{ attempt: 2 }] },
    ]);
    expect(verifyChain(again)).toEqual([]);
    expect(activations(await room.agent(at))).toEqual([1]);
  },
);

test.concurrent("a Public server behind plain http is accepted and shown as insecure", async () => {
  const room = await scene.room("plain");
  const { namespace } = room;
  const at = await room.target("staging");
  const wire = await room.plainWire(at.url);
  const spec = { tls: undefined, agent: { url: at.agentUrl, tls: { sha256: at.certificate.sha256 } } };
  await room.apply(
    server(namespace, "Public", { ...at, url: wire.url }, spec),
    update(namespace, "first", await scene.world().archives.build({ version: "9.4.2" })),
  );
  await room.untilUpdate("first", ({ tier }) => tier === "omega");
  expect((await room.serverStatus("staging")).conditions?.find(({ type }) => type === "Insecure")).toMatchObject({
    status: "True",
    message: "it is reached by http://: what is read there can be changed on the way",
  });
});

const heldBecause = async (room: Room, why: RegExp): Promise<void> => {
  const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
  expect(held.message).toMatch(why);
  const records = await room.records("first");
  expect(movesOf(records).slice(-3)).toEqual([
    "public Delivering>Verifying Applied",
    "public Verifying>Verifying Inconclusive",
    "public Verifying>Held VerificationInconclusive",
  ]);
  expect(records.at(-1)?.evidence?.map(({ verdict }) => verdict)).toEqual(["Inconclusive"]);
};

// The last, because the operator is exchanged: an image that nobody has, then a runner that writes nothing, then the right one.
test("without a document nothing passes: tried again, held after the last attempt, and verified when asked once the cause is gone", async ({
  skip,
}) => {
  const reason = notOwned(scene.cluster);
  if (reason !== undefined) skip(reason);
  const { archives } = scene.world();
  const start = async (prefix: string): Promise<Room> => {
    const room = await scene.room(prefix);
    const at = await room.target("staging");
    await room.apply(
      server(room.namespace, "Public", at),
      update(room.namespace, "first", await archives.build({ version: "9.4.2" })),
    );
    return room;
  };
  await scene.restartOperator({ flags: QUICK, image: "ashat:nobody-has-it" });
  const imageless = await start("imageless");
  await heldBecause(
    imageless,
    /^staging: Health Check: its pod could not start: (ErrImagePull|ImagePullBackOff)\. Nothing was restored; this verifies it again: kubectl annotate /,
  );

  await scene.restartOperator({ flags: QUICK, image: "ashat:mute" });
  const mute = await start("mute");
  await heldBecause(
    mute,
    /^staging: Health Check: its pod ended with code 0 \(Completed\) and wrote no document\. Nothing was restored; this verifies it again: kubectl annotate /,
  );

  await scene.restartOperator({ flags: QUICK });
  for (const room of [imageless, mute]) {
    const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
    await room.run("ann", held.blockedBy?.[0]?.command ?? "");
  }
  for (const room of [imageless, mute]) {
    await room.untilUpdate("first", ({ tier }) => tier === "omega");
    const records = await room.records("first");
    expect(verifyChain(records)).toEqual([]);
    expect(records.at(-1)).toMatchObject({ to: "Passed", targets: [{ attempt: 3 }] });
  }
});
