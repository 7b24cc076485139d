import { expect, test } from "vitest";
import { accessAt, type ArtifactAccess, nameOf, parseArtifactAccess } from "./artifact-access.ts";

const parse = (secret: Readonly<Record<string, string>>, hosts?: readonly string[]) =>
  parseArtifactAccess(
    "shop/deploy",
    Object.fromEntries(Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
    hosts,
  );
const TOKEN = { token: "t0ken" };
const SSH = { identity: "key", knownHosts: "hosts" };
const access = (hosts: readonly string[] | undefined, credentials: ArtifactAccess["credentials"]): ArtifactAccess => ({
  secret: "shop/deploy",
  credentials,
  ...(hosts && { hosts }),
});
const https = (host: string, port = 443) => ({ protocol: "https", host, port }) as const;

test("a password goes to the hosts that the server names, and to no other that an author could write into a URL", () => {
  const given = access(["git.example", "archives.example:8443", "[fd00::1]"], TOKEN);
  for (const at of [https("git.example"), https("GIT.example"), https("archives.example", 8443), https("fd00::1")])
    expect(accessAt(given, at)).toMatchObject({ credentials: TOKEN, source: { secret: "shop/deploy", isKnown: true } });
  for (const at of [
    https("git.example.evil.example"),
    https("evil-git.example"),
    https("git.example."),
    https("git.example", 8443),
    https("archives.example"),
    https("fd00::2"),
  ])
    expect(accessAt(given, at)).toEqual({ credentials: {}, source: { host: nameOf(at), isKnown: false } });
  expect(accessAt(access(["git.example:443"], TOKEN), https("git.example")).credentials).toEqual(TOKEN);
});

test("each protocol gets its own part of a Secret", () => {
  const both = access(["git.example"], { ...TOKEN, ssh: SSH, ca: "pem", signingKey: "key" });
  expect(accessAt(both, { protocol: "ssh", host: "git.example", port: 22 }).credentials).toEqual({ ssh: SSH });
  expect(accessAt(both, https("git.example")).credentials).toEqual({ ...TOKEN, ca: "pem" });
  const key = access(undefined, { ssh: SSH });
  expect(accessAt(key, { protocol: "ssh", host: "any.example", port: 2222 }).credentials).toEqual({ ssh: SSH });
  expect(accessAt(key, https("any.example"))).toMatchObject({ credentials: {}, source: { isKnown: false } });
});

test("a Secret that could be sent anywhere, or that has nothing, is refused with a sentence that shows no value", () => {
  for (const [secret, words] of [
    [{ token: "t0ken" }, "artifactSecretRef.hosts"],
    [{ username: "bot", password: "t0ken" }, "artifactSecretRef.hosts"],
    [{ other: "t0ken" }, "none of the keys that are read"],
    [{ password: "t0ken" }, "no username"],
  ] as const) {
    const parsed = parse(secret);
    if (parsed.ok) throw new Error("taken");
    expect(parsed.problems.join(" ")).toContain(words);
    expect(parsed.problems.join(" ")).not.toContain("t0ken");
  }
  expect(parse({ token: "t0ken\n" }, ["git.example"])).toMatchObject({ ok: true, access: { credentials: TOKEN } });
});
