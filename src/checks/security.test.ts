import type { ServerOptions } from "node:https";
import { beforeAll, describe, expect, it } from "vitest";
import {
  deadPort,
  hurried,
  identity,
  never,
  plainServer,
  secureServer,
  subject,
  type Identity,
} from "../../test/checks/scene.ts";
import type { CheckDocument } from "../api/check-run.ts";
import { runCheck } from "./run.ts";

const DAY = 86_400_000;
const SAFE = { "x-content-type-options": "nosniff", "strict-transport-security": "max-age=31536000" };

let own: Identity;
let expired: Identity;
let ending: Identity;
let future: Identity;
const at = (from: number, to: number): Promise<Identity> =>
  identity({ notBefore: new Date(Date.now() + from * DAY), notAfter: new Date(Date.now() + to * DAY) });

beforeAll(async () => {
  [own, expired, ending, future] = await Promise.all([identity(), at(-3, -1), at(-30, 5), at(1, 30)]);
});

interface Scene {
  readonly who?: () => Identity;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly options?: ServerOptions;
  readonly part?: Readonly<Record<string, unknown>>;
  /** Trust by CA instead of by pin. */
  readonly byCa?: boolean;
  /** Asked by its name instead of its address. */
  readonly named?: boolean;
}

const scan = async ({
  who = () => own,
  headers = SAFE,
  options = {},
  part = {},
  byCa = false,
  named = false,
}: Scene): Promise<CheckDocument> => {
  const url = await secureServer(
    who(),
    (_request, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end("hello");
    },
    options,
  );
  const trust = byCa ? { ca: who().ca } : { sha256: who().sha256 };
  return runCheck(
    "Security Scan",
    subject(named ? url.replace("127.0.0.1", "localhost") : url, { security: part }, { trust }),
    never,
    hurried,
  );
};

describe("a security scan", () => {
  it.each<[string, Scene, string, RegExp]>([
    ["of a careful server, pinned", {}, "Passed", /speaks TLSv1\.3, its certificate is valid until \d{4}-\d\d-\d\d/],
    ["of a careful server with a CA", { byCa: true }, "Passed", /TLSv1\.3/],
    ["of a server that speaks TLS 1.2 only", { options: { maxVersion: "TLSv1.2" } }, "Passed", /speaks TLSv1\.2/],
    [
      "of a server that still accepts TLS 1.0",
      { options: { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" } },
      "Failed",
      /still accepts TLS 1\.0; the server still accepts TLS 1\.1/,
    ],
    [
      "of a server that accepts TLS 1.1",
      { options: { minVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } },
      "Failed",
      /^the server still accepts TLS 1\.1\./,
    ],
    [
      "of a server that speaks nothing newer than TLS 1.1",
      { options: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } },
      "Failed",
      /breaks the TLS handshake/,
    ],
    [
      "of a certificate that expired, although it is pinned",
      { who: () => expired },
      "Failed",
      /the certificate expired at/,
    ],
    [
      "of a certificate that expired, under its CA",
      { who: () => expired, byCa: true },
      "Failed",
      /CERT_HAS_EXPIRED.*the certificate expired at/,
    ],
    [
      "of a certificate that ends in five days",
      { who: () => ending },
      "Failed",
      /expires at .*, in \d days, less than 14/,
    ],
    [
      "of a certificate that ends in five days, which was allowed",
      { who: () => ending, part: { minDaysLeft: 3 } },
      "Passed",
      /valid until/,
    ],
    ["of a certificate that is not valid yet", { who: () => future }, "Failed", /valid only from/],
    [
      "without nosniff",
      { headers: {} },
      "Failed",
      /^header x-content-type-options is missing \(header\/x-content-type-options\)\.$/,
    ],
    [
      "without HSTS, asked by address, where it means nothing",
      { headers: { "x-content-type-options": "nosniff" } },
      "Passed",
      /as they should be/,
    ],
    [
      "without HSTS, asked by name",
      { headers: { "x-content-type-options": "nosniff" }, named: true },
      "Failed",
      /strict-transport-security is missing/,
    ],
    ["with HSTS, asked by name", { named: true, byCa: true }, "Passed", /^localhost:/],
    [
      "without a header that was asked for",
      { part: { requireHeaders: ["Content-Security-Policy"] } },
      "Failed",
      /header content-security-policy is missing/,
    ],
    [
      "of a careless cookie",
      { headers: { ...SAFE, "set-cookie": ["sid=t0ken; Secure", "ok=1; Secure; HttpOnly; SameSite=Lax"] } },
      "Failed",
      /^cookie sid lacks HttpOnly, SameSite=Lax or Strict \(cookie\/sid\)\.$/,
    ],
    [
      "of a careless cookie that is allowed",
      { headers: { ...SAFE, "set-cookie": ["XSRF-TOKEN=1; Secure"] }, part: { allow: ["cookie/XSRF-TOKEN"] } },
      "Passed",
      /as they should/,
    ],
    [
      "of a banner",
      { headers: { ...SAFE, server: "nginx/1.25.3" } },
      "Failed",
      /header server tells a version \(banner\/server\)/,
    ],
    [
      "of a banner that is allowed, in other letters",
      { headers: { ...SAFE, server: "nginx/1.25.3" }, part: { allow: ["banner/Server"] } },
      "Passed",
      /as they should/,
    ],
  ])("%s", async (_, scene, verdict, sentence) => {
    const document = await scan(scene);
    expect(document.message).toMatch(sentence);
    expect(document.verdict).toBe(verdict);
    expect(JSON.stringify(document)).not.toContain("t0ken");
  });

  it("asserts that TLS 1.0 and 1.1 are refused, having really offered them", async () => {
    expect((await scan({})).asserted).toEqual(expect.arrayContaining(["TLS 1.0 is refused", "TLS 1.1 is refused"]));
  });

  it("of another certificate than the pinned one fails, and the server is asked nothing", async () => {
    let asked = 0;
    const url = await secureServer(own, (_request, response) => {
      asked += 1;
      response.end();
    });
    const document = await runCheck(
      "Security Scan",
      subject(url, { security: {} }, { trust: { sha256: expired.sha256 } }),
      never,
      hurried,
    );
    expect(document).toMatchObject({
      verdict: "Failed",
      message: expect.stringContaining("which is not the pinned one"),
    });
    expect(asked).toBe(0);
  });

  it("of the pinned certificate under another CA than the one given fails", async () => {
    const url = await secureServer(own, (_request, response) => void response.end());
    const document = await runCheck(
      "Security Scan",
      subject(url, { security: {} }, { trust: { sha256: own.sha256, ca: expired.ca } }),
      never,
      hurried,
    );
    expect(document).toMatchObject({
      verdict: "Failed",
      message: expect.stringMatching(/^chain or name of the certificate do not hold/),
    });
  });

  it("of a server that nobody serves fails", async () => {
    const document = await runCheck(
      "Security Scan",
      subject(`https://127.0.0.1:${await deadPort()}`, { security: {} }),
      never,
      hurried,
    );
    expect(document).toMatchObject({ verdict: "Failed", message: expect.stringContaining("refuses the connection") });
  });

  it.each([
    ["fails where the scan is required", undefined, "Failed"],
    ["is no verdict where it is not", ["Health Check"], "Inconclusive"],
  ])("over http:// %s", async (_, required, verdict) => {
    const url = await plainServer((_request, response) => void response.end());
    const document = await runCheck(
      "Security Scan",
      subject(url, { security: {}, ...(required === undefined ? {} : { required }) }),
      never,
      hurried,
    );
    expect(document).toMatchObject({ verdict, message: expect.stringMatching(/^Insecure: .*over http:\/\//) });
  });
});
