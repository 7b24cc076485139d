import { afterAll, expect, test } from "vitest";
import { orderKey } from "../../src/api/order.ts";
import { SERVERS } from "../../src/controllers/kinds.ts";
import { agentDriver } from "../../src/delivery/agent.ts";
import { ANY_ADDRESS } from "../../src/dial/address-rules.ts";
import { readSigningKey } from "../../src/licence/key-files.ts";
import { orderTerm, signOrder, signRead } from "../../src/licence/sign.ts";
import { forgeJob, forgePod, labelsOf, nameOfJob } from "../attacks/forged-jobs.ts";
import { type Closed, type Ground, delivered, tolds } from "../attacks/forgery.ts";
import { tableOfForgeries } from "../attacks/table.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { activations, movesOf } from "../world/room.ts";
import { openScene } from "../world/scene.ts";

// One attempt: what does not count is said at once.
const scene = openScene({ flags: ["--verification-attempts=1"] });
const closed: { readonly name: string; readonly how: Closed }[] = [];
afterAll(() => console.info(tableOfForgeries(closed)));

/** An update on its way to a staging server whose health check never answers: whatever passes is forged. */
const unproven = async (prefix: string) => {
  const room = await scene.room(prefix);
  const { namespace } = room;
  const [staging, omega] = [await room.target("staging"), await room.target("omega")];
  const wire = await room.wire(staging.url, staging);
  wire.set("hang");
  const release = await scene.world().archives.build({ version: "9.4.2", file: `${prefix}.tgz` });
  const goOn = scene.world().archives.hold(release.file);
  await room.apply(
    server(namespace, "Public", { ...staging, url: wire.url }),
    server(namespace, "Omega", omega),
    update(namespace, "first", release),
  );
  await room.untilUpdate("first", ({ phase }) => phase === "Delivering");
  const first = await room.update("first");
  const target = await scene.client().get(SERVERS, { namespace, name: "staging" });
  const at = { metadata: { ...first.metadata, namespace }, spec: first.spec };
  const to = { metadata: { ...target.metadata, namespace } };
  const ground: Ground = {
    cluster: scene.cluster,
    client: scene.client(),
    room,
    omega,
    token: () => Promise.resolve(""),
  };
  return { room, wire, goOn, at, to, ground, client: scene.client() };
};

/** The update stops for a person, says why, and tells it. */
const untilHeld = async (ground: Ground, words: string): Promise<Closed> => {
  const held = await ground.room.untilUpdate("first", ({ phase }) => phase === "Held");
  expect(held.message).toContain(words);
  await until("an event says so", async () =>
    (await tolds(ground, "first", "Held")).some((note) => note.includes(words)),
  );
  return { by: "operator", said: (held.message ?? "").slice((held.message ?? "").indexOf(words)) };
};

test.concurrent(
  "a Job that is there before the operator makes it, with a pod that passed, proves nothing",
  async () => {
    const { room, goOn, at, to, ground, client } = await unproven("forged-job");
    await forgeJob(client, at, nameOfJob(at, to, 1), labelsOf(at, to, 1));
    goOn();
    const how = await untilHeld(ground, "that this operator did not make, so nothing it says counts");
    expect(await delivered(ground)).toEqual([]);
    expect(movesOf(await room.records("first")).at(-1)).toBe("public Verifying>Held VerificationInconclusive");
    closed.push({ name: "a Job under the name of ours, with its labels, owner, seal and a pod that passed", how });
  },
);

test.concurrent("pods and Jobs with the labels of ours prove nothing while the check runs", async () => {
  const { room, wire, goOn, at, to, ground, client } = await unproven("forged-pod");
  goOn();
  await until("the check asks the server", () => wire.came.length > 0, { timeoutMs: 60_000 });
  const [job] = await room.jobs();
  if (job === undefined) throw new Error("there is no Job");
  const labels = labelsOf(at, to, 1);
  await forgePod(client, "stray", job, labels, false);
  await forgeJob(client, at, "ashat-00000000000000000000", labels);
  await forgeJob(client, at, nameOfJob(at, to, 2), labelsOf(at, to, 2));
  await scene.cluster.kubectl(["delete", "job", job.metadata.name, "-n", at.metadata.namespace, "--wait=false"]);
  const how = await untilHeld(ground, "staging: ");
  expect(await delivered(ground)).toEqual([]);
  for (const name of [
    "a pod with the labels of ours that passed",
    "a Job with the labels of ours, and a pod that passed",
    "a Job for the next attempt, and a pod that passed",
  ])
    closed.push({ name, how });
});

test.concurrent("an agent does what its own operator orders it, now, and nothing else", async () => {
  const room = await scene.room("orders");
  const { namespace } = room;
  const [one, other] = [await room.target("one"), await room.target("other")];
  const release = await scene.world().archives.build({ version: "9.4.2", file: "orders.tgz" });
  const { orderKey: operatorKey, licenceKey } = scene.world().keys;
  const driver = agentDriver(ANY_ADDRESS);
  const now = new Date();
  const claims = (aud: string, sequence: number, term = orderTerm(now)) => ({
    aud: `${namespace}/${aud}`,
    key: orderKey({ targetUid: "uid", app: "default", layer: "main", sequence }),
    deployment: "uid",
    app: "default",
    layer: "main",
    version: "9.4.2",
    sha256: release.sha256,
    sequence,
    snapshot: "one-000001",
    action: "deliver" as const,
    url: release.url,
    ...term,
  });
  const deliver = async (to: typeof one, key: string, jws: string) =>
    driver.deliver(
      { url: to.agentUrl, tls: { sha256: to.certificate.sha256 } },
      { key, jws },
      AbortSignal.timeout(10_000),
    );
  const signed = async (file: string, order: ReturnType<typeof claims>) =>
    [order.key, await signOrder(await readSigningKey(file), order)] as const;

  const honest = await signed(operatorKey, claims("one", 5));
  const read = await signRead(await readSigningKey(operatorKey), { aud: `${namespace}/other`, now });
  const past = { nbf: Math.floor(now.getTime() / 1000) - 7200, exp: Math.floor(now.getTime() / 1000) - 3600 };
  const parts = honest[1].split(".");
  const forged = Buffer.from(JSON.stringify(claims("other", 5))).toString("base64url");
  for (const [name, key, jws] of [
    ["an order for another agent", ...honest],
    ["an order under the key of who sells licences", ...(await signed(licenceKey, claims("other", 5)))],
    ["an order whose time is over", ...(await signed(operatorKey, claims("other", 5, past)))],
    ["an order with another agent's name written into it", honest[0], [parts[0], forged, parts[2]].join(".")],
    ["leave to read, for an order", honest[0], read],
    [
      "an order without a signature",
      honest[0],
      `${Buffer.from('{"alg":"none","typ":"ashat-order+jws"}').toString("base64url")}.${forged}.`,
    ],
  ] as const) {
    const answer = await deliver(other, key, jws);
    expect([name, answer.state]).toEqual([name, "Refused"]);
    expect((await room.agent(other)).seen).toEqual([]);
    closed.push({
      name,
      how: { by: "agent", said: answer.state === "Refused" ? `${answer.reason}: ${answer.message}` : "" },
    });
  }
  await until("the honest order is applied", async () => {
    const answer = await deliver(one, ...honest);
    return answer.state === "Answered" && answer.report.state === "Applied";
  });
  const lower = await deliver(one, ...(await signed(operatorKey, claims("one", 4))));
  expect(lower).toMatchObject({ state: "Refused", sequence: 5 });
  closed.push({
    name: "an order from before the last one",
    how: { by: "agent", said: lower.state === "Refused" ? `${lower.reason}: ${lower.message}` : "" },
  });
  await deliver(one, ...honest);
  expect(activations(await room.agent(one))).toEqual([1]);
  closed.push({ name: "the same order again", how: { by: "agent", said: "one activation, as before" } });
  expect(await other.version()).toBeUndefined();
  await driver.close();
});
