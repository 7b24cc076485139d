import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseGitCredentials } from "./credentials.ts";

const parse = (secret: Readonly<Record<string, string>>) =>
  parseGitCredentials(
    Object.fromEntries(Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
  );

let folder = "";
const key = (name: string, passphrase: string): string => {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", file]);
  return readFileSync(file, "utf8");
};
let open = "";
let locked = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ashat-keys-"));
  open = key("open", "");
  locked = key("locked", "guess me");
});
afterAll(() => rmSync(folder, { recursive: true }));

const HOST = "git.example ssh-ed25519 AAAA\n";

test("what is complete is taken, in the form ssh and HTTP need", () => {
  expect(parse({ username: "bot", password: "p:w\n" })).toEqual({
    ok: true,
    credentials: { basic: { username: "bot", password: "p:w" } },
  });
  expect(parse({ token: "t" })).toEqual({ ok: true, credentials: { token: "t" } });
  expect(parse({ username: "oauth2", token: "t" })).toEqual({
    ok: true,
    credentials: { username: "oauth2", token: "t" },
  });
  expect(parse({})).toEqual({ ok: true, credentials: {} });
  const windows = open.trim().replaceAll("\n", "\r\n");
  expect(parse({ identity: windows, known_hosts: HOST, token: "t" })).toEqual({
    ok: true,
    credentials: { ssh: { identity: open, knownHosts: HOST }, token: "t" },
  });
});

test.each<readonly [string, () => Readonly<Record<string, string>>, string]>([
  ["a password without a name", () => ({ password: "p" }), "no username"],
  ["a name without a password", () => ({ username: "p" }), "neither password nor token"],
  ["a password and a token", () => ({ username: "u", password: "p", token: "t" }), "leave the one that counts"],
  ["a name with a colon", () => ({ username: "a:b", password: "p" }), "colon"],
  ["a password of two lines", () => ({ username: "a", password: "p\nX-Evil: 1" }), "line break"],
  ["an empty token", () => ({ token: "" }), "The key token is empty."],
  ["a key without known hosts", () => ({ identity: open }), "no known_hosts"],
  ["known hosts without a key", () => ({ known_hosts: HOST }), "no identity"],
  ["known hosts with comments only", () => ({ identity: open, known_hosts: "# none\n" }), "no line"],
  ["a public key", () => ({ identity: "ssh-ed25519 AAAA", known_hosts: HOST }), "no private SSH key"],
  ["a key with a passphrase", () => ({ identity: locked, known_hosts: HOST }), "passphrase"],
  ["a signing key with a passphrase", () => ({ token: "t", "signing-key": locked }), "signing-key is locked"],
  [
    "a key and a password",
    () => ({ identity: open, known_hosts: HOST, username: "u", password: "p" }),
    "for ssh and a password",
  ],
  ["a CA that is none", () => ({ "ca.crt": "x" }), "no certificate"],
  ["keys as Kubernetes names them", () => ({ "ssh-privatekey": open }), "ssh-privatekey is not read"],
])("%s is a sentence that shows no value", (_, secret, words) => {
  const given = secret();
  const parsed = parse(given);
  if (parsed.ok) throw new Error("taken");
  expect(parsed.problems.join(" ")).toContain(words);
  for (const value of Object.values(given))
    if (value.length > 3) expect(parsed.problems.join(" ")).not.toContain(value);
});
