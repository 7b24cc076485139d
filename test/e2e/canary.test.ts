import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPERATOR_ACCOUNT } from "../../src/api/group.ts";
import { sha256 } from "../../src/api/hash.ts";
import { signJws, TYP } from "../../src/licence/jws.ts";
import { readSigningKey } from "../../src/licence/key-files.ts";
import { compileCache } from "../cluster/compile-cache.ts";
import { writeKubeconfig } from "../cluster/kubeconfig.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { type Canary, sightings } from "../world/canaries.ts";
import { licenceFor, mainframe, server, update } from "../world/manifests.ts";
import { type OperatorProcess, startOperator } from "../world/operator.ts";
import type { TargetProcesses } from "../world/target.ts";
import { startWorld, type World } from "../world/world.ts";

const cluster = sharedCluster();
const program = (path: string): string => new URL(`../../src/${path}`, import.meta.url).pathname;

/** Letters that every encoding spells in another way. */
const secret = (what: string): string => `cnry-${what}/${randomBytes(12).toString("base64")}%@:?&"'\\ß`;

let world: World;
let operator: OperatorProcess;
let token: string;
let echo: Server;
const password = secret("db");
const canaries: Canary[] = [{ what: "the password of the database", secret: password }];
/** Everything that somebody can read who may not read the secrets. */
const texts = new Map<string, string>();

const field = (kind: string, text: string): Buffer => Buffer.from(`${kind}${text}\0`);
const message = (kind: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(kind), length, body]);
};

/** A database that asks for the password, refuses it, and tells everybody what it was told. */
const startEcho = async (): Promise<number> => {
  echo = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(message("R", Buffer.from([0, 0, 0, 3])));
      socket.once("data", (answer: Buffer) => {
        const told = answer.subarray(5, -1).toString("utf8");
        const says = `role ra may not enter with ${told}, that is ${encodeURIComponent(told)} or ${Buffer.from(told).toString("base64")} or ${Buffer.from(told).toString("hex")}`;
        const body = [
          field("S", "FATAL"),
          field("V", "FATAL"),
          field("C", "28P01"),
          field("M", says),
          Buffer.from("\0"),
        ];
        socket.end(message("E", Buffer.concat(body)));
      });
    });
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  return (echo.address() as AddressInfo).port;
};

const keyOf = (pem: string): string => pem.replaceAll(/-----[^-]+-----|\s/g, "").slice(-60);
const privatePart = async (file: string): Promise<string> =>
  (JSON.parse(await readFile(file, "utf8")) as { readonly d: string }).d;

beforeAll(async () => {
  world = await startWorld(cluster, await newNamespace(cluster, "canary"));
  token = await cluster.serviceAccountToken("ashat-system", "ashat");
  const kubeconfig = await writeKubeconfig(join(world.dir, "operator.yaml"), cluster, "canary", { token });
  operator = await startOperator(cluster, world.keys, world.dir, {
    kubeconfig,
    flags: ["--verification-attempts=1", "--checkpoint-interval=1"],
  });
  const orderKey = await readSigningKey(world.keys.orderKey);
  canaries.push(
    { what: "the operator's key for orders", secret: await privatePart(world.keys.orderKey) },
    { what: "the key for licences", secret: await privatePart(world.keys.licenceKey) },
    {
      what: "the secret of the seals on Jobs",
      secret: sha256(await signJws(orderKey, TYP.seal, { purpose: "seal of verification jobs" })),
    },
    // Its last part proves who one is; the first two are no secret to those who may see the account.
    { what: "the operator's token for the API server", secret: token.split(".").at(-1) ?? "" },
    { what: "the key of the CA", secret: keyOf(world.ca.keyPem) },
  );
});

afterAll(async () => {
  echo?.close();
  await operator?.stop(10_000);
  await world?.stop();
});

/** Runs a program of ours and keeps all it says. */
const hear = async (
  what: string,
  main: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> => {
  const said = await new Promise<string>((resolve) =>
    execFile(
      process.execPath,
      [program(main), ...args],
      { env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: compileCache(cluster), ...env }, timeout: 120_000 },
      (error, out, err) => resolve(`${String(error?.code ?? 0)}\n${out}\n${err}`),
    ),
  );
  texts.set(what, said);
  return said;
};

const keep = async (what: string, file: string): Promise<void> => {
  texts.set(what, await readFile(file, "utf8"));
};

const filesIn = async (dir: string, name: RegExp): Promise<readonly string[]> =>
  (await readdir(dir, { recursive: true })).filter((file) => name.test(file)).map((file) => join(dir, file));

const list = async (what: string): Promise<string> =>
  (await cluster.kubectl(["get", what, "-n", world.namespace, "-o", "json", "--show-managed-fields"])).stdout;

const readable = [
  "deployments.ashat.raos.io",
  "servers.ashat.raos.io",
  "mainframes.ashat.raos.io",
  "deploymentrecords.ashat.raos.io",
];

const secretOf = (name: string, stringData: Readonly<Record<string, string>>): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { namespace: world.namespace, name },
  stringData,
});

const pinnedWrong = (at: TargetProcesses): TargetProcesses => ({
  ...at,
  certificate: { ...at.certificate, sha256: "0".repeat(64) },
});

test("an update goes its whole way through failures of every kind", async () => {
  const { namespace } = world;
  const asAnn = { as: { user: "ann", groups: ["system:masters"] } };
  const port = await startEcho();
  const [staging, omega, one, two] = await Promise.all([
    world.target("staging"),
    world.target("omega"),
    world.target("mf-1", { licensed: true }),
    world.target("mf-2", { licensed: true }),
  ]);
  for (const { name, certificate } of [staging, omega, one, two])
    canaries.push({ what: `the TLS key of ${name}`, secret: keyOf(certificate.keyPem) });
  const ca = { tls: { caSecretRef: { name: "ra-ca" } } };
  const database = { database: { secretRef: { name: "ra-db" } } };
  await world.apply(
    secretOf("ra-db", { url: `postgres://ra:${encodeURIComponent(password)}@127.0.0.1:${port}/ra?sslmode=disable` }),
    // Somebody put the key beside the certificate.
    secretOf("ra-ca", { "ca.crt": `${world.ca.keyPem}\n${world.ca.certPem}` }),
    server(namespace, "Public", staging, { ...ca, checks: database }),
    server(namespace, "Omega", omega),
    mainframe(namespace, "omega", one, await licenceFor(world.keys, namespace, "mf-1")),
    mainframe(namespace, "omega", pinnedWrong(two), await licenceFor(world.keys, namespace, "mf-2")),
    update(namespace, "first", await world.archives.build({ version: "9.4.2" })),
  );

  // The database refuses the password, and says it aloud.
  const held = await world.untilUpdate("first", ({ phase }) => phase === "Held");
  expect(held.message).toContain('"role ra may not enter with ***, that is *** or *** or ***"');
  texts.set("jobs and pods while it is held", `${await list("jobs")}${await list("pods")}`);
  await omega.killAgent();
  await world.apply(server(namespace, "Public", staging, ca));
  await cluster.kubectl((held.blockedBy?.[0]?.command ?? "").split(" ").slice(1), asAnn);

  // Nobody answers at omega.
  await world.untilUpdate(
    "first",
    ({ tier, blockedBy }) => tier === "omega" && blockedBy?.some(({ gate }) => gate === "reachable") === true,
  );
  await omega.startAgent();
  const waiting = await world.untilUpdate("first", ({ phase }) => phase === "AwaitingApproval");
  await cluster.kubectl((waiting.blockedBy?.[0]?.command ?? "").split(" ").slice(1), asAnn);

  // One mainframe wears another certificate than the pinned one.
  await world.untilUpdate(
    "first",
    ({ tier, message }) => tier === "mainframes" && message?.includes("is not the trusted one") === true,
  );
  await world.apply(mainframe(namespace, "omega", two, await licenceFor(world.keys, namespace, "mf-2")));
  await world.untilUpdate("first", ({ phase }) => phase === "Completed");
});

test("what people type wrongly is answered without their secrets", async () => {
  const inFile = async (name: string, text: string): Promise<string> => {
    const file = join(world.dir, name);
    await writeFile(file, text);
    return file;
  };
  const typed = secret("typed");
  canaries.push({ what: "what stood in a broken file", secret: typed });
  const [broken, brokenYaml, brokenToken] = await Promise.all([
    inFile("broken.json", `{"kty":"OKP","crv":"Ed25519","x":"x","d":${JSON.stringify(typed)}`),
    inFile("broken.yaml", `users: [{user: {token: ${JSON.stringify(typed)}`),
    writeKubeconfig(join(world.dir, "refused.yaml"), cluster, "canary", {
      token: `eyJhbGciOiJub25lIn0.e30.${Buffer.from(typed).toString("base64url")}`,
    }),
  ]);
  const whole = await inFile("whole.json", JSON.stringify({ kty: "OKP", crv: "Ed25519", x: "x", d: typed }));
  const keys = ["--order-key", world.keys.orderKey, "--licence-keys", world.keys.licenceKeys, "--check-image", "x"];
  const url = `postgres://ra:${encodeURIComponent(typed)}@127.0.0.1`;
  const typing: readonly (readonly [what: string, main: string, args: readonly string[], env?: NodeJS.ProcessEnv])[] = [
    ["a key file that is no JSON", "main.ts", ["operator", "--order-key", broken, ...keys.slice(2)]],
    ["a key file that is no key", "main.ts", ["operator", "--order-key", whole, ...keys.slice(2)]],
    [
      "a private key as public ones",
      "main.ts",
      ["operator", ...keys.slice(0, 2), "--licence-keys", world.keys.licenceKey, ...keys.slice(4)],
    ],
    ["a kubeconfig that is no YAML", "main.ts", ["operator", "--kubeconfig", brokenYaml, ...keys]],
    [
      "a licence with a broken key",
      "main.ts",
      ["licence", "issue", "--key", broken, "--mainframe", "a/b", "--holder", "x", "--versions", "*", "--days", "1"],
    ],
    ["an agent whose configuration is no YAML", "main.ts", ["agent", "--config", brokenYaml]],
    ["a check of a database that hangs up", "main.ts", ["check", "database"], { ASHAT_DATABASE_URL: `${url}:1/ra` }],
    [
      "a check of a database that is none",
      "main.ts",
      ["check", "database"],
      { ASHAT_DATABASE_URL: url.replace("postgres", "oracle") },
    ],
    [
      "a Job without an input",
      "main.ts",
      ["check"],
      { ASHAT_CHECK_INPUT: `{"url":${JSON.stringify(typed)}`, ASHAT_DATABASE_URL: url },
    ],
    [
      "a Job with a wrong input",
      "main.ts",
      ["check"],
      { ASHAT_CHECK_INPUT: JSON.stringify({ url: typed }), ASHAT_DATABASE_URL: url },
    ],
    ["deploy with a kubeconfig that is no YAML", "cli/main.ts", ["history", "--kubeconfig", brokenYaml]],
    [
      "deploy with a token nobody knows",
      "cli/main.ts",
      ["history", "--kubeconfig", brokenToken, "-n", world.namespace],
    ],
    [
      "deploy with a private key as public ones",
      "cli/main.ts",
      [
        "history",
        "--verify",
        "--checkpoint",
        "eyJh.eyJh.AA",
        "--keys",
        world.keys.licenceKey,
        "-n",
        world.namespace,
        "--kubeconfig",
        cluster.kubeconfig,
      ],
    ],
  ];
  const said: string[] = [];
  // One after the other: each is a process of its own, and the machine may be small.
  for (const one of typing) said.push(await hear(...one));
  // Each of them fails, and says why.
  expect(typing.filter((_, index) => !/^[1-9]\d*\n[\s\S]*\w/.test(said[index] ?? "")).map(([what]) => what)).toEqual(
    [],
  );
  await hear("deploy history", "cli/main.ts", [
    "history",
    "--verify",
    "-o",
    "jsonl",
    "-n",
    world.namespace,
    "--kubeconfig",
    cluster.kubeconfig,
  ]);
});

test("no secret is anywhere where it can be read", async () => {
  const { namespace } = world;
  await until("a checkpoint of the end is written", async () =>
    (await readFile(operator.logFile, "utf8")).includes("checkpoint of the records"),
  );
  texts.set("metrics", await (await fetch(`http://127.0.0.1:${operator.healthPort}/metrics`)).text());
  texts.set("readiness", await (await fetch(`http://127.0.0.1:${operator.healthPort}/readyz`)).text());
  await operator.stop(10_000);
  await keep("the log of the operator", operator.logFile);
  for (const what of [...readable, "jobs", "pods", "events", "events.events.k8s.io", "configmaps"])
    texts.set(what, await list(what));
  texts.set("leases", (await cluster.kubectl(["get", "leases", "-n", "ashat-system", "-o", "yaml"])).stdout);
  for (const what of [...readable, "jobs"])
    texts.set(`kubectl describe ${what}`, (await cluster.kubectl(["describe", what, "-n", namespace])).stdout);
  for (const file of await filesIn(world.dir, /(agent|raos)\.log$/)) await keep(file.slice(world.dir.length), file);
  const pods = await filesIn(cluster.dir, /node-[^/]+\/.*\.(log|termination)$/);
  for (const file of pods) await keep(file.slice(cluster.dir.length), file);

  // What is looked through is what was meant to be.
  expect(texts.get("the log of the operator")).toContain("checkpoint of the records");
  expect(texts.get("metrics")).toContain(`ashat_chains{namespace="${namespace}"} 1`);
  expect(texts.get("jobs and pods while it is held")).toContain('"secretKeyRef"');
  expect(texts.get("jobs and pods while it is held")).toContain("BEGIN CERTIFICATE");
  expect(texts.get("deploymentrecords.ashat.raos.io")).toContain("may not enter with ***");
  expect(texts.get("deploy history")).toContain(OPERATOR_ACCOUNT);
  expect([...texts.keys()].filter((name) => name.endsWith("agent.log"))).toHaveLength(4);
  expect(pods.length).toBeGreaterThan(0);
  expect(
    [...texts].filter(([name, text]) => text === "" && !/\.(log|termination)$/.test(name)).map(([name]) => name),
  ).toEqual([]);
  // And it would be found there.
  expect(sightings([{ what: "the version", secret: "9.4.2" }], texts).length).toBeGreaterThan(10);

  expect(canaries).toHaveLength(11);
  expect(sightings(canaries, texts)).toEqual([]);
});
