import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issue } from "../../../test/cluster/pki.ts";
import { archive, sha256 } from "../../../test/targets/archives.ts";
import { type FileServer, startFileServer } from "../../../test/targets/file-server.ts";
import { type Canary, sightings } from "../../../test/world/canaries.ts";
import { type GitScene, LOOPBACK, openGitScene, PASSWORD } from "../../../test/world/git-scene.ts";
import type { ServedRepository } from "../../../test/world/git-server.ts";
import { newKey, noSshd, type Sshd, startSshd } from "../../../test/world/sshd.ts";
import type { GitDeliverer } from "../git/deliverer.ts";
import { readArchiveFrom } from "./archive.ts";
import { type ArtifactAccess, parseArtifactAccess } from "./artifact-access.ts";
import { answerTo, type KubernetesPlace } from "./session.ts";

const never = new AbortController().signal;
const PLACE: KubernetesPlace = {
  target: { namespace: "shop", name: "staging", uid: "uid-1" },
  spec: { path: ".", healthySeconds: 30, timeoutSeconds: 600, serviceAccountName: "deployer" },
};
const MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n";
const FILES = { "apps/shop/all.yaml": MANIFEST };

let scene: GitScene;
let operator: GitDeliverer;
let there: ServedRepository;
let commit = "";
/** A server that an author of updates runs, with a certificate that the operator trusts. */
let other: FileServer;
const heard: IncomingMessage[] = [];

beforeAll(async () => {
  scene = await openGitScene();
  operator = await scene.deliverer();
  there = await scene.git.repository("private", { files: FILES });
  commit = await there.head();
  other = await startFileServer(await issue(scene.ca, { commonName: "other", ips: ["127.0.0.1"] }));
});
afterAll(async () => {
  await other.close();
  await scene.end();
});

/** As the operator reads it from a Secret and the Server that names it. */
const accessOf = (secret: Readonly<Record<string, string>>, ...hosts: readonly string[]): ArtifactAccess => {
  const data = Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  const parsed = parseArtifactAccess(
    "shop/deploy",
    Object.fromEntries(data) as Readonly<Record<string, string>>,
    hosts.length === 0 ? undefined : hosts,
  );
  if (!parsed.ok) throw new Error(parsed.problems.join(" "));
  return parsed.access;
};
const ca = () => ({ "ca.crt": scene.ca.certPem });
const hostOf = (url: string): string => new URL(url).host;
const bot = (password = PASSWORD) =>
  accessOf({ username: "bot", password, ...ca() }, hostOf(scene.git.url), "git.example");

/** What people are told of it; undefined where it was read. */
const told = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => answerTo(error, PLACE, never),
  );
const read = (url: string, access?: ArtifactAccess) => operator.readTree(url, commit, "apps", never, access);

describe("a private commit", () => {
  test("is read with the credentials of the Secret, and not by anybody else afterwards", async () => {
    expect(await read(there.url, bot())).toEqual(new Map([["apps/shop/all.yaml", MANIFEST]]));
    const asToken = accessOf({ username: "bot", token: PASSWORD, ...ca() }, hostOf(scene.git.url));
    expect(await read(there.url, asToken)).toEqual(new Map([["apps/shop/all.yaml", MANIFEST]]));
    expect(await told(read(there.url, accessOf(ca())))).toMatchObject({
      state: "Refused",
      status: 401,
      reason: "Unauthorized",
      message: expect.stringContaining(`${hostOf(scene.git.url)} among its hosts`) as string,
    });
    expect(await told(read(there.url, bot("wrong")))).toMatchObject({
      reason: "Unauthorized",
      message: expect.stringContaining("renews them in Secret shop/deploy") as string,
    });
    expect(await told(read(`${scene.git.url}/none.git`, bot()))).toMatchObject({ reason: "RepositoryMissing" });
  });

  test("of a server whose CA nobody trusts is not asked for with a password", async () => {
    const before = scene.git.came.length;
    const noCa = accessOf({ username: "bot", password: PASSWORD }, hostOf(scene.git.url));
    expect(await told(read(there.url, noCa))).toMatchObject({
      state: "WrongCertificate",
      message: expect.stringContaining("under ca.crt in Secret shop/deploy") as string,
    });
    expect(scene.git.came).toHaveLength(before);
  });

  test.each([
    ["ext::sh -c id", "no https:// or ssh:// URL"],
    ["file:///etc", "no https:// or ssh:// URL"],
    ["/etc", "no https:// or ssh:// URL"],
    ["--upload-pack=id", "no https:// or ssh:// URL"],
    ["ssh://-oProxyCommand=id/x", "no https:// or ssh:// URL"],
    ["ssh://-l@git.example/x", "no https:// or ssh:// URL"],
    ["git@-oProxyCommand=id:x", "no https:// or ssh:// URL"],
    ["git@git.example:-x", "no https:// or ssh:// URL"],
    ["https://git.example\\.evil.example/x", "no https:// or ssh:// URL"],
    ["https://git.example#.evil.example/x", "no https:// or ssh:// URL"],
    ["https://0x7f.1/x", "no https:// or ssh:// URL"],
    ["https://git.example/x\n/y", "no https:// or ssh:// URL"],
    ["https://git.example%2eevil.example/x", "no https:// or ssh:// URL"],
    ["https://a:b@git.example/x", "credentials in it"],
    ["https://git.example\\@evil.example/x", "no https:// or ssh:// URL"],
    ["ssh://git:word@git.example/x", "credentials in it"],
    ["http://git.example/x", "plain http"],
    ["git@git.example:acme/shop.git", "identity and known_hosts"],
    ["ssh://git@git.example/acme/shop.git", "identity and known_hosts"],
  ])("at %j is refused before anything is asked", async (url, words) => {
    const answer = await told(read(url, bot()));
    expect(answer).toMatchObject({ state: "Refused", message: expect.stringContaining(words) as string });
    expect(JSON.stringify(answer)).not.toContain(PASSWORD);
  });
});

const hears = (path: string, status: number) =>
  other.put(path, (request, response) => {
    heard.push(request);
    response.writeHead(status).end("x");
  });

describe("a server that an author names", () => {
  test("is sent nothing of a Secret that is for another host", async () => {
    heard.length = 0;
    hears("/x.git/info/refs?service=git-upload-pack", 404);
    hears("/x.tgz", 404);
    const access = accessOf(
      { username: "bot", password: PASSWORD, ...ca() },
      "git.example",
      "127.0.0.1",
      "127.0.0.1:1",
    );
    const trusting = readArchiveFrom(LOOPBACK, { ca: scene.ca.certPem });
    expect(await told(trusting({ url: other.url("/x.tgz"), sha256: "a" }, "", never, access))).toMatchObject({
      reason: "FetchFailed",
    });
    expect(await told(read(other.url("/x.git"), access))).toMatchObject({
      // Nor is the CA of that Secret believed there.
      state: "WrongCertificate",
    });
    expect(heard.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test("is not reached by a redirect of a host that the Secret is for", async () => {
    heard.length = 0;
    hears("/elsewhere.tgz", 200);
    hears("/elsewhere.git/info/refs?service=git-upload-pack", 200);
    const first = await startFileServer(await issue(scene.ca, { commonName: "first", ips: ["127.0.0.1"] }));
    const asked: (string | undefined)[] = [];
    const leads = (path: string, to: string) =>
      first.put(path, ({ headers }, response) => {
        asked.push(headers.authorization);
        response.writeHead(302, { location: other.url(to) }).end();
      });
    leads("/a.tgz", "/elsewhere.tgz");
    leads("/a.git/info/refs?service=git-upload-pack", "/elsewhere.git/info/refs?service=git-upload-pack");
    const access = accessOf({ token: PASSWORD, ...ca() }, `127.0.0.1:${first.port}`);
    const archived = readArchiveFrom(LOOPBACK)({ url: first.url("/a.tgz"), sha256: "a" }, "", never, access);
    expect(await told(archived)).toMatchObject({ reason: "FetchFailed" });
    expect(await told(read(first.url("/a.git"), access))).toMatchObject({ reason: "UrlRefused" });
    // Git tries the address again where a redirect was refused.
    expect([...new Set(asked)]).toEqual([
      `Bearer ${PASSWORD}`,
      `Basic ${Buffer.from(`x-access-token:${PASSWORD}`).toString("base64")}`,
    ]);
    expect(heard).toEqual([]);
    await first.close();
  });
});

describe("a private archive", () => {
  const bytes = archive("1.0.0", [{ name: "all.yaml", body: MANIFEST }]);
  const serve = (path: string, wanted: string) =>
    other.put(path, ({ headers: { authorization } }, response) => {
      if (authorization === wanted) response.writeHead(200).end(bytes);
      else response.writeHead(authorization === undefined ? 401 : 403).end();
    });
  const fetch = (path: string, access?: ArtifactAccess) =>
    readArchiveFrom(LOOPBACK)({ url: other.url(path), sha256: sha256(bytes) }, "", never, access);

  test("is fetched with a password, or with a token", async () => {
    serve("/basic.tgz", `Basic ${Buffer.from(`bot:${PASSWORD}`).toString("base64")}`);
    serve("/bearer.tgz", `Bearer ${PASSWORD}`);
    const basic = accessOf({ username: "bot", password: PASSWORD, ...ca() }, hostOf(other.url("/")));
    expect((await fetch("/basic.tgz", basic)).get("all.yaml")).toBe(MANIFEST);
    expect(
      (await fetch("/bearer.tgz", accessOf({ token: PASSWORD, ...ca() }, hostOf(other.url("/"))))).get("all.yaml"),
    ).toBe(MANIFEST);
    expect(
      await told(fetch("/basic.tgz", accessOf({ token: "other", ...ca() }, hostOf(other.url("/"))))),
    ).toMatchObject({
      status: 403,
      reason: "Forbidden",
      message: expect.stringContaining("the account of Secret shop/deploy the right to read") as string,
    });
    expect(await told(fetch("/basic.tgz", accessOf(ca())))).toMatchObject({
      status: 401,
      reason: "Unauthorized",
      message: expect.stringContaining(`${hostOf(other.url("/"))} among its hosts`) as string,
    });
    expect(await told(fetch("/basic.tgz"))).toMatchObject({
      state: "WrongCertificate",
      message: expect.stringContaining("puts a CA of your own under ca.crt into a Secret") as string,
    });
  });
});

test("a server that says aloud what it was told is not repeated", async () => {
  const password = `cnry-${"x/9+%@:?&ß".repeat(2)}"'\\end`;
  const token = `cnry-token/${"+9?".repeat(3)}`;
  const canaries: readonly Canary[] = [
    { what: "the password", secret: password },
    { what: "the token", secret: token },
  ];
  const host = hostOf(other.url("/"));
  const says = (path: string, status: number) =>
    other.put(path, ({ headers: { authorization = "" } }, response) => {
      const told = authorization.startsWith("Basic ")
        ? Buffer.from(authorization.slice(6), "base64").toString("utf8")
        : authorization.slice(7);
      const word = told.replace(/^(bot|x-access-token):/, "");
      const spelled = [
        told,
        word,
        ...["base64", "base64url", "hex"].map((how) => Buffer.from(word).toString(how as "hex")),
      ];
      const text = [authorization, ...spelled, encodeURIComponent(word), JSON.stringify(word)].join("\n");
      response.writeHead(status, { "content-type": "text/plain" }).end(text);
    });
  says("/loud.tgz", 403);
  says("/loud.git/info/refs?service=git-upload-pack", 403);
  says("/broken.git/info/refs?service=git-upload-pack", 500);
  const texts = new Map<string, string>();
  for (const [name, secret] of [
    ["password", { username: "bot", password }],
    ["token", { token }],
  ] as const) {
    const access = accessOf({ ...secret, ...ca() }, host);
    const archived = readArchiveFrom(LOOPBACK)({ url: other.url("/loud.tgz"), sha256: "a" }, "", never, access);
    texts.set(`archive ${name}`, JSON.stringify(await told(archived)));
    texts.set(`git ${name}`, JSON.stringify(await told(read(other.url("/loud.git"), access))));
    texts.set(`words of git ${name}`, JSON.stringify(await told(read(other.url("/broken.git"), access))));
  }
  expect([...texts.values()].filter((text) => !/"Forbidden"|\*\*\*/.test(text))).toEqual([]);
  expect(sightings(canaries, texts)).toEqual([]);
});

const missing = noSshd();
if (missing !== undefined && process.env["CI"] !== undefined) throw new Error(missing);

describe.skipIf(missing !== undefined)(`over ssh${missing === undefined ? "" : `: ${missing}`}`, () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());
  const url = () => `ssh://${sshd.user}@127.0.0.1:${sshd.port}${there.dir}`;

  test("a private commit is read with the key of the Secret, from hosts that it knows", async () => {
    const known = { identity: sshd.identity, known_hosts: sshd.knownHosts };
    expect(await read(url(), accessOf(known))).toEqual(new Map([["apps/shop/all.yaml", MANIFEST]]));
    expect(await read(url(), accessOf(known, `127.0.0.1:${sshd.port}`))).toHaveLength(1);
    expect(await told(read(url(), accessOf(known, "git.example")))).toMatchObject({ reason: "CredentialsMissing" });
    expect(await told(read(url()))).toMatchObject({ reason: "CredentialsMissing" });
    expect(await told(read(url(), accessOf({ ...known, known_hosts: sshd.otherHost })))).toMatchObject({
      state: "WrongCertificate",
      message: expect.stringContaining("known_hosts of Secret shop/deploy") as string,
    });
    const { secret } = await newKey(scene.folder, "nobody-reads");
    expect(await told(read(url(), accessOf({ ...known, identity: secret })))).toMatchObject({ reason: "Unauthorized" });
  });
});
