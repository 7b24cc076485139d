import { createHmac, createPublicKey, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { CompactSign } from "jose";
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
import { type LicenceClaims, signLicence, verifyLicence } from "./licence.ts";
import { orderTerm, signOrder, signRead } from "./sign.ts";

const mainframe = "shop/cust-417";
const now = new Date("2026-06-01T12:00:00Z");
const at = now.getTime() / 1000;
const VERSION = "9.4.2";
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
let orderKey: SigningKey;
let stranger: SigningKey;
let keys: VerifyKeys;
let good: string;

beforeAll(async () => {
  pair = await generateKeys();
  key = await parseSigningKey(pair.privateJwk);
  keys = await parseJwks(pair.jwks);
  [orderKey, stranger] = await Promise.all([
    generateKeys().then(({ privateJwk }) => parseSigningKey(privateJwk)),
    generateKeys().then(({ privateJwk }) => parseSigningKey(privateJwk)),
  ]);
  good = await signLicence(key, claims);
});

type Text = string | undefined | Promise<string>;

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const part = (index: number): string => good.split(".")[index] ?? "";
/** Signed by whoever issues licences, with whatever claims. */
const issued = (change: Readonly<Record<string, unknown>>): Promise<string> =>
  signJws(key, TYP.licence, { ...claims, ...change });
/** Signed by the issuer, the payload to the letter. */
const letters = (payload: string | Uint8Array): Promise<string> =>
  new CompactSign(typeof payload === "string" ? Buffer.from(payload) : payload)
    .setProtectedHeader({ alg: "EdDSA", typ: TYP.licence, kid: key.kid })
    .sign(key.key);
/** Signed by the issuer, the header to the letter: what no library would write. */
const headed = (header: string, by = pair.privateJwk): string => {
  const { x, d } = JSON.parse(by) as { x: string; d: string };
  const input = `${Buffer.from(header).toString("base64url")}.${part(1)}`;
  return `${input}.${signBytes(null, Buffer.from(input), { key: { kty: "OKP", crv: "Ed25519", x, d }, format: "jwk" }).toString("base64url")}`;
};
const header = (more: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ alg: "EdDSA", typ: TYP.licence, kid: key.kid, ...more });
const without = (name: keyof LicenceClaims): Promise<string> => issued({ [name]: undefined });
const order = () => ({
  aud: mainframe,
  key: "u-1.default.main.1",
  deployment: "d-1",
  app: "default",
  layer: "main",
  version: VERSION,
  url: "https://alpha.example/a.tgz",
  sha256: "a".repeat(64),
  sequence: 1,
  action: "deliver" as const,
  snapshot: "x-000001",
  ...orderTerm(now),
});

const MALFORMED = "LicenceMalformed";
const FORGED = "LicenceSignatureInvalid";
const ELSEWHERE = "LicenceWrongMainframe";
const VERSIONS = "LicenceVersionNotEntitled";

/** What a holder, a stranger, or somebody with the wrong key may try; the reason is that of the mainframe's status. */
const HOSTILE: readonly (readonly [what: string, make: () => Text, reason: string])[] = [
  // The algorithm.
  ["alg none, no signature", () => `${b64({ alg: "none", typ: TYP.licence })}.${part(1)}.`, FORGED],
  [
    "alg none in capitals, with the good signature",
    () => `${b64({ alg: "NONE", typ: TYP.licence, kid: key.kid })}.${part(1)}.${part(2)}`,
    FORGED,
  ],
  [
    "alg HS256, keyed with the public key",
    () => {
      const { x } = (JSON.parse(pair.jwks) as { keys: { x: string }[] }).keys[0] ?? { x: "" };
      const pem = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }).export({
        type: "spki",
        format: "pem",
      });
      const input = `${b64({ alg: "HS256", typ: TYP.licence, kid: key.kid })}.${part(1)}`;
      return `${input}.${createHmac("sha256", pem).update(input).digest("base64url")}`;
    },
    FORGED,
  ],
  [
    "alg ES256 with a key of its own",
    () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const input = `${b64({ alg: "ES256", typ: TYP.licence, kid: key.kid })}.${part(1)}`;
      return `${input}.${signBytes("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    },
    FORGED,
  ],
  ["alg in another case", () => headed(header({ alg: "eddsa" })), FORGED],
  ["alg as a list", () => headed(header({ alg: ["EdDSA"] })), FORGED],
  ["no alg", () => headed(header({ alg: undefined })), FORGED],
  [
    "two algs, the good one first",
    () => headed(`{"alg":"EdDSA","alg":"none","typ":"${TYP.licence}","kid":"${key.kid}"}`),
    MALFORMED,
  ],
  [
    "two algs, the good one last",
    () => headed(`{"alg":"none","alg":"EdDSA","typ":"${TYP.licence}","kid":"${key.kid}"}`),
    MALFORMED,
  ],
  // The key.
  ["signed by a stranger", () => signLicence(stranger, claims), FORGED],
  [
    "signed by a stranger under the issuer's kid",
    () => signLicence({ kid: key.kid, key: stranger.key }, claims),
    FORGED,
  ],
  ["signed with the key of orders", () => signLicence(orderKey, claims), FORGED],
  ["no kid", () => headed(header({ kid: undefined })), FORGED],
  ["kid empty", () => headed(header({ kid: "" })), FORGED],
  ["kid a path", () => headed(header({ kid: "../../../../dev/null" })), FORGED],
  ["kid a query", () => headed(header({ kid: "x' UNION SELECT 'y" })), FORGED],
  ["kid __proto__", () => headed(header({ kid: "__proto__" })), FORGED],
  ["kid a list with the good one", () => headed(header({ kid: [key.kid] })), FORGED],
  ["kid in another case", () => headed(header({ kid: key.kid.toUpperCase() })), FORGED],
  [
    "jwk with its own key",
    () => {
      const own = generateKeyPairSync("ed25519");
      const jwk = own.publicKey.export({ format: "jwk" });
      const input = `${b64({ alg: "EdDSA", typ: TYP.licence, kid: key.kid, jwk })}.${part(1)}`;
      return `${input}.${signBytes(null, Buffer.from(input), own.privateKey).toString("base64url")}`;
    },
    FORGED,
  ],
  ["jku, though the issuer signed it", () => headed(header({ jku: "https://keys.example/jwks.json" })), FORGED],
  ["x5u, though the issuer signed it", () => headed(header({ x5u: "https://keys.example/cert.pem" })), FORGED],
  ["x5c, though the issuer signed it", () => headed(header({ x5c: ["MIIB"] })), FORGED],
  ["crit with something nobody knows", () => headed(header({ crit: ["exp"], exp: at })), FORGED],
  ["crit empty", () => headed(header({ crit: [] })), FORGED],
  ["b64 false", () => headed(header({ crit: ["b64"], b64: false })), FORGED],
  ["zip", () => headed(header({ zip: "DEF" })), FORGED],
  // What it was signed for.
  ["an order", () => signOrder(key, order()), FORGED],
  ["an order, signed with the key of orders", () => signOrder(orderKey, order()), FORGED],
  ["leave to read", () => signRead(key, { aud: mainframe, now }), FORGED],
  ["licence claims typed as an order", () => signJws(key, TYP.order, claims), FORGED],
  ["licence claims typed as a checkpoint", () => signJws(key, TYP.checkpoint, claims), FORGED],
  ["typ JWT", () => headed(header({ typ: "JWT" })), FORGED],
  ["typ in another case", () => headed(header({ typ: TYP.licence.toUpperCase() })), FORGED],
  ["typ with the prefix of media types", () => headed(header({ typ: `application/${TYP.licence}` })), FORGED],
  ["no typ", () => headed(header({ typ: undefined })), FORGED],
  ["order claims typed as a licence", () => signJws(key, TYP.licence, order()), MALFORMED],
  // The text.
  ["nothing", () => undefined, "LicenceMissing"],
  ["blanks", () => " \n\t", "LicenceMissing"],
  ["two licences in a row", () => `${good}\n${good}`, MALFORMED],
  ["a fourth part", () => `${good}.${part(2)}`, MALFORMED],
  [
    "the general JSON form",
    () => JSON.stringify({ payload: part(1), signatures: [{ protected: part(0), signature: part(2) }] }),
    MALFORMED,
  ],
  ["no signature", () => `${part(0)}.${part(1)}.`, FORGED],
  ["a signature of zeros", () => `${part(0)}.${part(1)}.${Buffer.alloc(64).toString("base64url")}`, FORGED],
  ["padding", () => `${good}=`, MALFORMED],
  ["a blank inside", () => `${part(0)}. ${part(1)}.${part(2)}`, MALFORMED],
  [
    "another spelling of the same bytes",
    () => `${good.slice(0, -1)}${good.endsWith("A") ? "B" : String.fromCharCode(good.charCodeAt(good.length - 1) + 1)}`,
    MALFORMED,
  ],
  ["the claims exchanged", () => `${part(0)}.${b64({ ...claims, versions: "*" })}.${part(2)}`, FORGED],
  ["sixteen thousand letters", () => letters(JSON.stringify({ ...claims, holder: "x".repeat(16_384) })), MALFORMED],
  ["a megabyte", () => `${part(0)}.${"A".repeat(1_048_576)}.${part(2)}`, MALFORMED],
  ["ten thousand brackets", () => letters("[".repeat(10_000)), MALFORMED],
  ["bytes that are no text", () => letters(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)), MALFORMED],
  ["text that is no JSON", () => letters("licensed"), MALFORMED],
  ["null", () => letters("null"), MALFORMED],
  ["a list of claims", () => letters(JSON.stringify([claims])), MALFORMED],
  // The claims.
  [
    "two mainframes, ours last",
    () => letters(`{"mainframe":"shop/cust-1",${JSON.stringify(claims).slice(1)}`),
    MALFORMED,
  ],
  [
    "two mainframes, ours first",
    () => letters(`${JSON.stringify(claims).slice(0, -1)},"mainframe":"shop/cust-1"}`),
    MALFORMED,
  ],
  [
    "two ends, one of them spelled with an escape",
    () => letters(`${JSON.stringify(claims).slice(0, -1)},"\\u0065xp":${at + 1e6}}`),
    MALFORMED,
  ],
  ["a claim nobody knows", () => issued({ seats: 3 }), MALFORMED],
  ["an aud beside the mainframe", () => issued({ aud: "*" }), MALFORMED],
  ["__proto__ with claims", () => letters(`{"__proto__":${JSON.stringify(claims)}}`), MALFORMED],
  ["no holder", () => without("holder"), MALFORMED],
  ["no mainframe", () => without("mainframe"), MALFORMED],
  ["no versions", () => without("versions"), MALFORMED],
  ["no begin", () => without("nbf"), MALFORMED],
  ["no end", () => without("exp"), MALFORMED],
  ["no id", () => without("jti"), MALFORMED],
  // Whose it is.
  ["for another mainframe", () => issued({ mainframe: "shop/cust-418" }), ELSEWHERE],
  ["for a longer name", () => issued({ mainframe: "shop/cust-4170" }), ELSEWHERE],
  ["for a shorter name", () => issued({ mainframe: "shop/cust-41" }), ELSEWHERE],
  ["for the name in another namespace", () => issued({ mainframe: "shop2/cust-417" }), ELSEWHERE],
  ["for the name in capitals", () => issued({ mainframe: "shop/CUST-417" }), MALFORMED],
  ["for a wildcard", () => issued({ mainframe: "shop/*" }), MALFORMED],
  ["for a star", () => issued({ mainframe: "*" }), MALFORMED],
  ["for a pattern", () => issued({ mainframe: "shop/cust-.*" }), MALFORMED],
  ["for a path out of the namespace", () => issued({ mainframe: "x/../shop/cust-417" }), MALFORMED],
  ["for a list of mainframes", () => issued({ mainframe: [mainframe] }), MALFORMED],
  ["for the name with a line break", () => issued({ mainframe: `${mainframe}\n` }), MALFORMED],
  ["for the name with a Cyrillic letter", () => issued({ mainframe: "shop/сust-417" }), MALFORMED],
  ["for the name in full width", () => issued({ mainframe: "shop/ｃust-417" }), MALFORMED],
  ["for the name with a blank of no width", () => issued({ mainframe: "shop/cust\u200b-417" }), MALFORMED],
  ["for the name and a zero byte", () => issued({ mainframe: `${mainframe}\0x` }), MALFORMED],
  // How long.
  ["expired one second ago", () => issued({ exp: at - 1 }), "LicenceExpired"],
  ["that ends now", () => issued({ exp: at }), "LicenceExpired"],
  ["that begins in a second", () => issued({ nbf: at + 1 }), "LicenceNotYetValid"],
  ["that ends before it begins", () => issued({ nbf: at, exp: at - 1 }), MALFORMED],
  ["that ends when nobody counts any more", () => issued({ exp: 1e15 }), MALFORMED],
  ["that ends at 1e999", () => letters(JSON.stringify(claims).replace(String(claims.exp), "1e999")), MALFORMED],
  ["that ends within a second", () => issued({ exp: at + 0.5 }), MALFORMED],
  ["that began before time", () => issued({ nbf: -1 }), MALFORMED],
  ["whose end is text", () => issued({ exp: String(at + 100) }), MALFORMED],
  ["whose end is true", () => issued({ exp: true }), MALFORMED],
  // For what.
  ["for older versions", () => issued({ versions: "<9.4.2" }), VERSIONS],
  ["for newer versions", () => issued({ versions: ">9.4.2" }), VERSIONS],
  ["for the pre-releases of ours", () => issued({ versions: "<9.4.2-zzz" }), VERSIONS],
  ["for no version at all", () => issued({ versions: "<0.0.0-0" }), VERSIONS],
  ["for versions of nothing", () => issued({ versions: "" }), MALFORMED],
  ["for versions of blanks", () => issued({ versions: "   " }), MALFORMED],
  ["for a bar, which SemVer reads as everything", () => issued({ versions: "||" }), MALFORMED],
  ["for older versions or a forgotten part", () => issued({ versions: "<9 || " }), MALFORMED],
  ["for the latest", () => issued({ versions: "latest" }), MALFORMED],
  ["for a list of ranges", () => issued({ versions: ["*"] }), MALFORMED],
  [
    "for a range that takes its time",
    () => issued({ versions: `>=1${" ".repeat(250)}<2 ${" ".repeat(250)}` }),
    MALFORMED,
  ],
];

const judge = async (jws: string | undefined): Promise<string> => {
  const verdict = await verifyLicence(jws, keys, { mainframe, version: VERSION, now });
  return verdict.valid ? "valid" : verdict.reason;
};

describe("a hostile licence lets nothing through:", () => {
  it("at least forty of them, each tried once, beside one that is good", async () => {
    expect(await judge(good)).toBe("valid");
    const seen = new Map<string | undefined, string>();
    for (const [what, make] of HOSTILE) {
      const text = await make();
      expect(seen.get(text), `${what} is the same as`).toBeUndefined();
      seen.set(text, what);
    }
    expect(HOSTILE.length).toBeGreaterThanOrEqual(40);
  });
  it.each(HOSTILE)("%s", async (_what, make, reason) => {
    expect(await judge(await make())).toBe(reason);
  });
});

describe("what looks strange and is meant", () => {
  it.each([
    ["everything", "*"],
    ["everything from the beginning", ">=0"],
    ["this one or a later line", "9.4.2 || >=11"],
  ])("%s: %s", async (_name, versions) => {
    expect(await judge(await issued({ versions }))).toBe("valid");
  });
  it("a holder's name in any writing, with quotes and colons", async () => {
    expect(await judge(await issued({ holder: 'Błękit "Nord": {"a":1}, 北風 🜁 \\' }))).toBe("valid");
  });
});
