import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Ca, createCa } from "../../test/cluster/pki.ts";
import { until } from "../../test/cluster/until.ts";
import { type HttpReceiver, startReceiver, whyNotSigned } from "../../test/world/receiver.ts";
import type { Notification } from "../api/notification.ts";
import { addressRules } from "../dial/address-rules.ts";
import { createLog } from "../runtime/log.ts";
import { createOutbox, type Message, type Outbox, type OutboxOptions } from "../runtime/outbox.ts";
import { createQueue } from "../runtime/queue.ts";
import { createReceiver, type Receiver } from "./receiver.ts";

const SECRET = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
const OTHER = `whsec_${Buffer.alloc(32, 4).toString("base64")}`;
const ALLOWED = addressRules({ allow: ["127.0.0.0/8"], remedy: (range) => `--allow-address ${range}` });

let dir: string;
let ca: Ca;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-receiver-"));
  ca = await createCa("ashat test receivers");
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const message = (lane: string, number: number): Message => {
  const event: Notification = {
    specversion: "1.0",
    id: `${lane}${number}`.padStart(32, "0").replaceAll(/[^0-9a-f]/g, "0"),
    source: "urn:ashat",
    type: "io.raos.ashat.deployment.held.v1",
    subject: `raos/${lane}`,
    time: "2026-11-20T10:00:00.000Z",
    datacontenttype: "application/json",
    data: {
      update: { namespace: "raos", name: lane, uid: lane },
      app: "default",
      version: "9.4.2",
      message: `number ${number}`,
    },
  };
  return { id: event.id, lane, kind: "held", body: JSON.stringify(event) };
};
const said = ({ taken }: HttpReceiver): readonly string[] =>
  taken.map(({ subject, data }) => `${subject} ${data.message}`);

interface Stage {
  readonly receiver: HttpReceiver;
  readonly sender: Receiver;
  readonly outbox: Outbox;
  readonly log: string[];
  readonly fates: string[];
  readonly secretFile: string;
  readonly stop: () => Promise<void>;
}

const stage = async (
  options: Partial<OutboxOptions> & {
    readonly plain?: boolean;
    readonly rules?: typeof ALLOWED;
    readonly deadlineMs?: number;
  } = {},
): Promise<Stage> => {
  const receiver = await startReceiver({ secret: SECRET, ...(options.plain !== true && { ca }) });
  const secretFile = join(dir, `secret-${Math.random()}`);
  await writeFile(secretFile, `${SECRET}\n`);
  const sender = createReceiver({
    url: new URL(receiver.url),
    secretFile,
    ...(options.plain !== true && { ca: ca.certPem }),
    addresses: options.rules ?? ALLOWED,
    now: Date.now,
    deadlineMs: options.deadlineMs ?? 5_000,
  });
  const clock = { now: () => performance.now(), random: () => 1 };
  const log: string[] = [];
  const fates: string[] = [];
  const outbox = createOutbox({
    send: sender.send,
    queue: createQueue(clock),
    ...clock,
    log: createLog("debug", { write: (line) => void log.push(line) }),
    count: (fate) => void fates.push(fate),
    keepMs: 86_400_000,
    most: 100,
    backoff: { firstMs: 5, capMs: 20 },
    ...options,
  });
  const stopping = new AbortController();
  const running = outbox.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  ends.push(receiver.stop, sender.close, stop);
  return { receiver, sender, outbox, log, fates, secretFile, stop };
};
const never = new AbortController().signal;

test.each([
  ["HTTPS", false],
  ["plain HTTP inside", true],
] as const)("a notification arrives over %s as a signed CloudEvent in structured mode", async (_, plain) => {
  const { receiver, outbox } = await stage({ plain });
  outbox.put(message("a", 1));
  await until("it is taken", () => receiver.taken.length === 1);
  const [request] = receiver.asked;
  expect(request).toMatchObject({
    method: "POST",
    path: "/hooks/path-secret?key=query-secret",
    headers: {
      "content-type": "application/cloudevents+json; charset=utf-8",
      "webhook-id": request?.event.id,
    },
  });
});

test("what fails is tried again, in the order of its update, signed anew; another update does not wait for it", async () => {
  const { receiver, outbox, fates } = await stage({ deadlineMs: 300 });
  const hung: ServerResponse[] = [];
  // The first one fails until the update beside it is through, and then in every way, one after the other.
  const trouble = [
    (response: ServerResponse) => response.writeHead(503, { "retry-after": "x" }).end("try later"),
    (response: ServerResponse) => void hung.push(response),
    (response: ServerResponse) => response.socket?.destroy(),
    (response: ServerResponse) => response.writeHead(429).end(),
  ];
  const { taken } = receiver;
  receiver.answer = ({ event }, response) => {
    const first = event.data.message === "number 1" && event.subject === "raos/a";
    const next = !first || taken.length === 0 ? undefined : trouble.shift();
    if (next !== undefined) {
      next(response);
      return;
    }
    if (first && taken.length === 0) {
      response.writeHead(500).end();
      return;
    }
    taken.push(event);
    response.writeHead(200).end();
  };
  for (const number of [1, 2, 3]) outbox.put(message("a", number));
  outbox.put(message("b", 1));
  // Taken there is a moment before the answer is here.
  await until("all are taken", () => taken.length === 4 && outbox.pending() === 0);
  expect(said(receiver)).toEqual(["raos/b number 1", "raos/a number 1", "raos/a number 2", "raos/a number 3"]);
  expect(receiver.asked.map((request) => whyNotSigned(request, SECRET, Date.now()))).toEqual(
    receiver.asked.map(() => undefined),
  );
  expect(trouble).toEqual([]);
  expect(fates.filter((fate) => fate === "failed").length).toBeGreaterThanOrEqual(4);
  expect(fates.filter((fate) => fate === "delivered")).toHaveLength(4);
});

test("a receiver that is down for a while gets everything in order when it is back", async () => {
  const { receiver, outbox, fates } = await stage();
  const port = Number(new URL(receiver.url).port);
  await receiver.stop();
  for (const number of [1, 2]) outbox.put(message("a", number));
  await until("it was tried", () => fates.length > 2);
  const back = await startReceiver({ secret: SECRET, ca, port });
  ends.push(back.stop);
  await until("all are taken", () => back.taken.length === 2);
  expect(said(back)).toEqual(["raos/a number 1", "raos/a number 2"]);
});

test("the same notification twice is one, also when it was taken already", async () => {
  const { receiver, outbox } = await stage();
  outbox.put(message("a", 1));
  outbox.put(message("a", 1));
  await until("it is taken", () => receiver.taken.length === 1 && outbox.pending() === 0);
  outbox.put(message("a", 1));
  outbox.put(message("a", 2));
  await until("the next one is taken", () => receiver.taken.length === 2);
  expect(said(receiver)).toEqual(["raos/a number 1", "raos/a number 2"]);
});

test("no more are kept than may be: the oldest goes, and that is said and counted", async () => {
  const { receiver, outbox, fates, log } = await stage({ most: 3 });
  receiver.answer = (_, response) => response.writeHead(503).end();
  for (let number = 1; number <= 10; number += 1) outbox.put(message(`lane-${number}`, number));
  expect(outbox.pending()).toBe(3);
  expect(fates.filter((fate) => fate === "dropped")).toHaveLength(7);
  expect(log.join("")).toContain("the oldest was dropped");
  receiver.answer = undefined;
  await until("the newest three are taken", () => outbox.pending() === 0);
  expect(said(receiver).toSorted()).toEqual(["raos/lane-10 number 10", "raos/lane-8 number 8", "raos/lane-9 number 9"]);
});

test("after its time a notification is given up, and that is said and counted", async () => {
  const { outbox, fates, log } = await stage({ keepMs: 0 });
  outbox.put(message("a", 1));
  await until("it is given up", () => outbox.pending() === 0);
  expect(fates).toEqual(["given_up"]);
  expect(log.join("")).toContain("was given up");
});

test("what is left at the end is sent once more; a receiver that hangs holds the end up for a moment only", async () => {
  const { receiver, outbox, fates, stop, log } = await stage({ backoff: { firstMs: 3_600_000, capMs: 3_600_000 } });
  receiver.answer = (_, response) => response.writeHead(503).end();
  for (const number of [1, 2]) outbox.put(message("a", number));
  await until("it was tried", () => fates.length === 1);
  receiver.answer = undefined;
  await stop();
  expect(said(receiver)).toEqual(["raos/a number 1", "raos/a number 2"]);
  expect(log.join("")).not.toContain("are left");
});

test("a redirect is not followed, whereto it may lead", async () => {
  const { receiver, sender } = await stage();
  const metadata = await startReceiver({ secret: SECRET });
  ends.push(metadata.stop);
  receiver.answer = (_, response) => response.writeHead(307, { location: metadata.url }).end();
  expect(await sender.send(message("a", 1), never)).toMatchObject({
    state: "NotTaken",
    why: expect.stringContaining("a redirect, which is not followed"),
  });
  expect(metadata.asked).toEqual([]);
});

test("an answer without an end costs nothing: that it was taken is known by its first line", async () => {
  const { receiver, sender } = await stage();
  const closed = Promise.withResolvers<void>();
  receiver.answer = (_, response) => {
    response.on("close", () => closed.resolve());
    response.writeHead(200);
    const flood = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      if (!response.destroyed) response.once("drain", flood);
    };
    flood();
  };
  expect(await sender.send(message("a", 1), never)).toEqual({ state: "Taken" });
  await closed.promise;
});

test("headers without an end are not taken", async () => {
  const { receiver, sender } = await stage();
  receiver.answer = (_, response) => {
    response.socket?.write(`HTTP/1.1 200 OK\r\n${`x: ${"y".repeat(1_000)}\r\n`.repeat(100)}`);
  };
  expect(await sender.send(message("a", 1), never)).toMatchObject({ state: "NotTaken" });
});

test("an address that nobody allowed is not connected to, and a certificate that nobody vouches for is told nothing", async () => {
  const { receiver, sender } = await stage({ rules: addressRules({ allow: [], remedy: (range) => `allow ${range}` }) });
  expect(await sender.send(message("a", 1), never)).toMatchObject({
    state: "NotTaken",
    why: expect.stringContaining("allow 127.0.0.1/32"),
  });
  const trusting = await stage();
  const wrong = createReceiver({
    url: new URL(receiver.url),
    secretFile: trusting.secretFile,
    addresses: ALLOWED,
    now: Date.now,
  });
  ends.push(wrong.close);
  expect(await wrong.send(message("a", 1), never)).toMatchObject({
    state: "NotTaken",
    why: expect.stringContaining("certificate"),
  });
  expect(receiver.asked).toEqual([]);
});

test("a new secret counts at once, without one nothing is sent, and neither it nor the URL's own is ever said", async () => {
  const { receiver, outbox, secretFile, fates, log } = await stage();
  await writeFile(secretFile, `${OTHER}\n`);
  outbox.put(message("a", 1));
  await until("it was refused", () => fates.includes("failed"));
  expect(receiver.taken).toEqual([]);
  await writeFile(secretFile, "gone wrong with hunter2");
  const asked = receiver.asked.length;
  await until("it could not be signed", () => log.some((line) => line.includes("whsec_ and at least")));
  await writeFile(secretFile, `${OTHER}\n${SECRET}\n`);
  await until("it is taken", () => receiver.taken.length === 1);
  expect(receiver.asked.length).toBeGreaterThan(asked);
  for (const secret of ["hunter2", SECRET.slice(6), OTHER.slice(6), "path-secret", "query-secret"])
    expect(log.join("")).not.toContain(secret);
});
