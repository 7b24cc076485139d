import { expect, test } from "vitest";
import { serverObject } from "../../test/unit/cli.ts";
import { differences, keptInGit, wantedMainframe, wantedServer, withoutNull } from "./wanted.ts";

const PIN = "9F:86:".concat("d0".repeat(30));
const timeoutMs = 1;
const of = (place: "alpha" | "public" | "omega", url: string, options: object = {}) =>
  wantedServer(place, url, { timeoutMs, ...options }, {}).spec;

test("only what was said is written", () => {
  expect(of("public", "https://staging.example")).toEqual({ tier: "Public", url: "https://staging.example" });
  expect(of("omega", "https://omega.example", { approvals: 2 })).toMatchObject({ approval: { required: 2 } });
});

test("a pin is the server's on https and its agent's on plain http, which proves no certificate", () => {
  const sha256 = `9f86${"d0".repeat(30)}`;
  expect(withoutNull(of("omega", "https://omega.example", { pin: PIN }))).toMatchObject({ tls: { sha256 } });
  const plain = withoutNull(of("public", "http://staging.example:8080", { pin: PIN })) as object;
  expect(plain).toMatchObject({ agent: { url: "https://staging.example:7443", tls: { sha256 } } });
  expect(plain).not.toHaveProperty("tls");
});

test("a mainframe has its agent beside it", () => {
  expect(
    wantedMainframe("https://cust-417.example", "ra-01", { timeoutMs, wave: 2 }, { licence: "a.b.c" }).spec,
  ).toEqual({
    omega: "ra-01",
    url: "https://cust-417.example",
    agent: { url: "https://cust-417.example:7443" },
    licence: "a.b.c",
    wave: 2,
  });
});

test.each<[string, () => unknown, RegExp]>([
  ["plain http to OMEGA", () => of("omega", "http://omega.example"), /by https:\/\/ only/],
  ["a word", () => of("public", "staging"), /no address/],
  ["another protocol", () => of("public", "ftp://staging"), /no address/],
  ["an address with a password", () => of("public", "https://u:p@staging"), /must not carry/],
  ["half a pin", () => of("public", "https://staging", { pin: "ab" }), /64 hex digits/],
  ["a pin and a CA", () => of("public", "https://staging", { pin: PIN, caSecret: "ca" }), /not by both/],
  ["a wave of a server", () => of("public", "https://staging", { wave: 1 }), /--wave is for a mainframe/],
  ["archives of OMEGA", () => of("omega", "https://omega", { archiveUrl: "https://a/{id}" }), /--archive-url is for/],
  [
    "an unknown placeholder",
    () => of("public", "https://staging", { archiveUrl: "https://a/{name}" }),
    /\{name\} is not known/,
  ],
  ["approvals of a mainframe", () => wantedMainframe("https://m", "o", { timeoutMs, approvals: 1 }, {}), /for servers/],
])("%s is refused before anything is written", (_, make, why) => {
  expect(make).toThrow(why);
});

test("checks replace what was configured, and a pin replaces a CA", () => {
  const before = serverObject("Public", "staging", {
    checks: { modules: { path: "/m" }, performance: { seconds: 3 } },
  });
  const { spec } = wantedServer(
    "public",
    "https://staging",
    { timeoutMs },
    { checks: { performance: { requestsPerSecond: 5 } } },
    before,
  );
  expect(spec["checks"]).toMatchObject({ modules: null, performance: { seconds: null, requestsPerSecond: 5 } });
  expect(of("public", "https://staging", { pin: PIN })).toMatchObject({ tls: { caSecretRef: null } });
});

test("what is there already is no difference, and what is another is named", () => {
  const before = serverObject("Public", "staging", { approval: { required: 1 } });
  expect(differences(of("public", "https://staging.example", { approvals: 1 }), before.spec)).toEqual([]);
  expect(differences(of("public", "https://new.example", { approvals: 2 }), before.spec)).toEqual([
    "url: https://staging.example -> https://new.example",
    "approval.required: 1 -> 2",
  ]);
  expect(differences({ licence: "secret.ish.text" }, { licence: "a.b.c" })).toEqual(["licence"]);
});

const labelled = (labels: Record<string, string>, annotations: Record<string, string> = {}) => ({
  metadata: { name: "a", uid: "u", resourceVersion: "1", labels, annotations },
});

test("what Flux or Argo CD applies is theirs", () => {
  expect(keptInGit(labelled({ "kustomize.toolkit.fluxcd.io/name": "apps" }))).toBe("Flux");
  expect(keptInGit(labelled({}, { "argocd.argoproj.io/tracking-id": "x" }))).toBe("Argo CD");
  expect(keptInGit(labelled({}))).toBeUndefined();
});
