import { createHmac, createPublicKey } from "node:crypto";
import { CompactSign, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { signJws, TYP } from "./jws.ts";
import {
  generateKeys,
  parseJwks,
  parseSigningKey,
  type KeyPairText,
  type SigningKey,
  type VerifyKeys,
} from "./keys.ts";
import { entitles, signLicence, verifyLicence, type LicenceClaims } from "./licence.ts";
import { orderTerm, signOrder } from "./sign.ts";

const mainframe = "shop/cust-417";
const now = new Date("2026-06-01T12:00:00Z");
const at = now.getTime() / 1000;
const claims: LicenceClaims = {
  holder: "Nordwind AG",
  mainframe,
  versions: ">=9 <10",
  nbf: at - 100,
  exp: at + 100,
  iat: at - 100,
  jti: "l-1",
};

let pair: KeyPairText;
let key: SigningKey;
let keys: VerifyKeys;
let stranger: SigningKey;
let good: string;

beforeAll(async () => {
  pair = await generateKeys();
  key = await parseSigningKey(pair.privateJwk);
  keys = await parseJwks(pair.jwks);
  stranger = await parseSigningKey((await generateKeys()).privateJwk);
  good = await signLicence(key, claims);
});

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const judge = async (jws: string | undefined, version = "9.4.2", when = now, name = mainframe) => {
  const verdict = await verifyLicence(jws, keys, { mainframe: name, version, now: when });
  return verdict.valid ? "valid" : verdict.reason;
};
const part = (index: number): string => good.split(".")[index] ?? "";
const withPart = (index: number, text: string): string =>
  good
    .split(".")
    .map((old, at) => (at === index ? text : old))
    .join(".");
const raw = (payload: object): Promise<string> => signJws(key, TYP.licence, payload);

const order = () => ({
  aud: mainframe,
  key: "u-1.default.main.1",
  deployment: "d-1",
  app: "default",
  layer: "main",
  version: "9.4.2",
  url: "https://alpha.example/a.tgz",
  sha256: "a".repeat(64),
  sequence: 1,
  action: "deliver" as const,
  snapshot: "x-000001",
  ...orderTerm(now),
});

describe("a licence", () => {
  const vectors: readonly (readonly [string, () => string | undefined | Promise<string>, string])[] = [
    ["as it was issued", () => good, "valid"],
    ["with a line break after it, as files have", () => `${good}\n`, "valid"],
    ["that is absent", () => undefined, "LicenceMissing"],
    ["that is empty", () => " ", "LicenceMissing"],
    ["that is no JWS", () => "eyJ", "LicenceMalformed"],
    ["with a fourth part", () => `${good}.x`, "LicenceMalformed"],
    ["cut short", () => good.slice(0, -2), "LicenceSignatureInvalid"],
    ["without its signature", () => `${part(0)}.${part(1)}.`, "LicenceSignatureInvalid"],
    [
      "spelled with base64 instead of base64url",
      () => withPart(2, Buffer.from(part(2), "base64url").toString("base64")),
      "LicenceMalformed",
    ],
    [
      "for another mainframe",
      () => signLicence(key, { ...claims, mainframe: "shop/cust-418" }),
      "LicenceWrongMainframe",
    ],
    [
      "for the same name in another namespace",
      () => signLicence(key, { ...claims, mainframe: "shop2/cust-417" }),
      "LicenceWrongMainframe",
    ],
    ["expired by one second", () => signLicence(key, { ...claims, exp: at - 1 }), "LicenceExpired"],
    ["that ends at this very second", () => signLicence(key, { ...claims, exp: at }), "LicenceExpired"],
    ["with one second left", () => signLicence(key, { ...claims, exp: at + 1 }), "valid"],
    ["that begins in one second", () => signLicence(key, { ...claims, nbf: at + 1 }), "LicenceNotYetValid"],
    ["that begins at this very second", () => signLicence(key, { ...claims, nbf: at }), "valid"],
    ["for older versions", () => signLicence(key, { ...claims, versions: "<9" }), "LicenceVersionNotEntitled"],
    ["signed by a stranger", () => signLicence(stranger, claims), "LicenceSignatureInvalid"],
    [
      "signed by a stranger under our key's id",
      () => signLicence({ kid: key.kid, key: stranger.key }, claims),
      "LicenceSignatureInvalid",
    ],
    [
      "with algorithm none",
      () => `${b64({ alg: "none", typ: TYP.licence, kid: key.kid })}.${part(1)}.`,
      "LicenceSignatureInvalid",
    ],
    [
      "with algorithm none and the good signature",
      () => withPart(0, b64({ alg: "none", typ: TYP.licence, kid: key.kid })),
      "LicenceSignatureInvalid",
    ],
    ["that is an order", () => signOrder(key, order()), "LicenceSignatureInvalid"],
    ["with licence claims typed as an order", () => signJws(key, TYP.order, claims), "LicenceSignatureInvalid"],
    [
      "without a type",
      () =>
        new CompactSign(Buffer.from(JSON.stringify(claims)))
          .setProtectedHeader({ alg: "EdDSA", kid: key.kid })
          .sign(key.key),
      "LicenceSignatureInvalid",
    ],
    [
      "that brings its own key",
      async () =>
        new CompactSign(Buffer.from(JSON.stringify(claims)))
          .setProtectedHeader({
            alg: "EdDSA",
            typ: TYP.licence,
            jwk: { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) },
          })
          .sign(stranger.key),
      "LicenceSignatureInvalid",
    ],
    ["with a claim this version does not know", () => raw({ ...claims, seats: 3 }), "LicenceMalformed"],
    ["without an end", () => raw({ ...claims, exp: undefined }), "LicenceMalformed"],
    ["whose end is text", () => raw({ ...claims, exp: "2099-01-01" }), "LicenceMalformed"],
    ["whose range is nonsense", () => raw({ ...claims, versions: "all of them" }), "LicenceMalformed"],
    ["that ends before it begins", () => raw({ ...claims, nbf: at, exp: at - 50 }), "LicenceMalformed"],
    ["that is endlessly long", () => `${"A".repeat(20_000)}.${part(1)}.${part(2)}`, "LicenceMalformed"],
  ];

  it.each(vectors)("%s", async (_name, make, expected) => {
    expect(await judge(await make())).toBe(expected);
  });

  it("signed by HMAC with the public key as the secret", async () => {
    const { x } = (JSON.parse(pair.jwks) as { keys: { x: string }[] }).keys[0] ?? { x: "" };
    const pem = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }).export({
      type: "spki",
      format: "pem",
    });
    for (const secret of [pem, Buffer.from(x, "base64url"), x]) {
      const head = b64({ alg: "HS256", typ: TYP.licence, kid: key.kid });
      const mac = createHmac("sha256", secret)
        .update(`${head}.${part(1)}`)
        .digest("base64url");
      expect(await judge(`${head}.${part(1)}.${mac}`)).toBe("LicenceSignatureInvalid");
    }
    const jwt = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "HS256", typ: TYP.licence, kid: key.kid })
      .sign(Buffer.from(x.padEnd(64)));
    expect(await judge(jwt)).toBe("LicenceSignatureInvalid");
  });

  it("with any one letter changed", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (let index = 0; index < good.length; index += 1) {
      const old = good[index] ?? "";
      // The neighbour in the alphabet changes the lowest bit: at the end of a part that is a spare one.
      const next = old === "." ? "A" : (alphabet[alphabet.indexOf(old) ^ 1] ?? "");
      expect(await judge(good.slice(0, index) + next + good.slice(index + 1)), `letter ${index}`).toMatch(
        /^Licence(Malformed|SignatureInvalid)$/,
      );
    }
  }, 30_000);

  it("names the mainframe, the end and the way out when it has expired", async () => {
    const verdict = await verifyLicence(good, keys, { mainframe, version: "9.4.2", now: new Date((at + 100) * 1000) });
    expect(verdict).toMatchObject({
      valid: false,
      message: expect.stringMatching(
        /Nordwind AG.*shop\/cust-417 ended at 2026-06-01T12:01:40.000Z.*ashat licence issue/,
      ),
    });
  });
});

describe("a version range", () => {
  it.each([
    [">=9 <10", "9.4.2", true],
    [">=9 <10", "v9.4.2", true],
    [">=9 <10", "9.4.2-rc.1", true],
    ["<10.0.0", "10.0.0-rc.1", false],
    [">=9.0.0", "9.0.0-alpha", true],
    [">=9 <10", "8.99.0", false],
    ["*", "not a version", false],
  ])("%s for %s", (range, version, expected) => {
    expect(entitles(range, version)).toBe(expected);
  });
});
