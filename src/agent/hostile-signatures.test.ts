import { createHmac } from "node:crypto";
import { CompactSign, type CompactJWSHeaderParameters } from "jose";
import { describe, expect, it } from "vitest";
import { openSiege } from "../../test/targets/siege.ts";
import { signJws, TYP } from "../licence/jws.ts";
import { generateKeys, parseSigningKey, type SigningKey } from "../licence/keys.ts";
import { signOrder } from "../licence/sign.ts";

const { here, carryOut, isRefused, loose, ...siege } = openSiege();

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const operator = (): SigningKey => here().operator.key;
const stranger = async (): Promise<SigningKey> => parseSigningKey((await generateKeys()).privateJwk);

/** Signed by a key under a header of one's own. */
const under = (
  header: Partial<CompactJWSHeaderParameters>,
  payload: string | Uint8Array = JSON.stringify(siege.good()),
  { key }: SigningKey = operator(),
): Promise<string> =>
  new CompactSign(typeof payload === "string" ? Buffer.from(payload) : payload)
    .setProtectedHeader({ typ: TYP.order, kid: operator().kid, ...header, alg: "EdDSA" })
    .sign(key, { crit: { "https://ashat.example/x": true } });
/** The operator's signature over a header and a payload as they are written here. */
const written = async (header: string, payload: string): Promise<string> => {
  const text = `${Buffer.from(header).toString("base64url")}.${Buffer.from(payload).toString("base64url")}`;
  const signature = await crypto.subtle.sign("Ed25519", operator().key, Buffer.from(text));
  return `${text}.${Buffer.from(signature).toString("base64url")}`;
};
const decent = (): string => JSON.stringify({ alg: "EdDSA", typ: TYP.order, kid: operator().kid });
const claims = (): string => JSON.stringify(siege.good());
const parts = async (): Promise<readonly [string, string, string]> => {
  const [head = "", body = "", signature = ""] = (await loose(siege.good())).split(".");
  return [head, body, signature];
};
const mac = (secret: string | Buffer): string => {
  const text = `${b64({ alg: "HS256", typ: TYP.order, kid: operator().kid })}.${b64(siege.good())}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
};
const publicKey = (): string =>
  (JSON.parse(here().operator.jwks) as { readonly keys: readonly { readonly x: string }[] }).keys[0]?.x ?? "";

const tricks: readonly (readonly [string, () => Promise<string> | string])[] = [
  ["nothing", () => ""],
  ["claims without a signature around them", () => claims()],
  ["two dots", () => ".."],
  ["words", () => "please.install.this"],
  ["an order signed by a stranger", async () => signOrder(await stranger(), siege.good())],
  ["a restore signed by a stranger", async () => signOrder(await stranger(), siege.back())],
  ["a stranger's signature under the operator's key id", async () => under({}, claims(), await stranger())],
  ["an order signed with the key that signs licences", () => signOrder(here().issuer.key, siege.good())],
  ["a key id that nobody has", () => under({ kid: "nobody" })],
  ["a key id that is a path", () => under({ kid: "../../../dev/null" })],
  ["a key id that every object has", () => under({ kid: "constructor" })],
  ["no key id", async () => written(JSON.stringify({ alg: "EdDSA", typ: TYP.order }), claims())],
  ["an order without its signature", async () => (await loose(siege.good())).replace(/[^.]+$/, "")],
  ["a restore without its signature", async () => (await loose(siege.back())).replace(/[^.]+$/, "")],
  ["algorithm none", () => `${b64({ alg: "none", typ: TYP.order, kid: operator().kid })}.${b64(siege.good())}.`],
  [
    "algorithm None, with the good signature",
    async () => [b64({ alg: "None", typ: TYP.order, kid: operator().kid }), ...(await parts()).slice(1)].join("."),
  ],
  [
    "algorithm Ed25519, which is another name of ours",
    () => written(JSON.stringify({ alg: "Ed25519", typ: TYP.order, kid: operator().kid }), claims()),
  ],
  ["no algorithm", () => written(JSON.stringify({ typ: TYP.order, kid: operator().kid }), claims())],
  ["HMAC with the set of public keys", () => mac(here().operator.jwks)],
  ["HMAC with the public key", () => mac(publicKey())],
  ["HMAC with the bytes of the public key", () => mac(Buffer.from(publicKey(), "base64url"))],
  [
    "claims changed after signing",
    async () => {
      const [head, , signature] = await parts();
      return `${head}.${b64({ ...siege.good(), version: "9.9.9" })}.${signature}`;
    },
  ],
  [
    "the signature of another order",
    async () => {
      const [head, body] = await parts();
      const [, , signature] = (await loose(siege.back())).split(".");
      return `${head}.${body}.${signature}`;
    },
  ],
  ["a signature cut short", async () => (await loose(siege.good())).slice(0, -4)],
  [
    "a signature of nothing but zeros",
    async () => {
      const [head, body] = await parts();
      return `${head}.${body}.${"A".repeat(86)}`;
    },
  ],
  ["a fourth part", async () => `${await loose(siege.good())}.AAAA`],
  ["a line break at its end", async () => `${await loose(siege.good())}\n`],
  [
    "padding after its parts",
    async () =>
      (await loose(siege.good()))
        .split(".")
        .map((part) => `${part}=`)
        .join("."),
  ],
  [
    "base64 instead of base64url",
    async () => {
      const [head, body, signature] = await parts();
      return `${head}.${body}.${Buffer.from(signature, "base64url").toString("base64")}`;
    },
  ],
  [
    "spare bits at the end of the signature",
    async () => {
      const [head, body, signature] = await parts();
      const last = signature.at(-1) ?? "A";
      return `${head}.${body}.${signature.slice(0, -1)}${String.fromCodePoint((last.codePointAt(0) ?? 65) + 1)}`;
    },
  ],
  [
    "JSON serialization of a JWS",
    async () => {
      const [head, body, signature] = await parts();
      return JSON.stringify({ protected: head, payload: body, signature });
    },
  ],
  ["order claims typed as a licence", () => signJws(operator(), TYP.licence, siege.good())],
  ["order claims typed as a seal", () => signJws(operator(), TYP.seal, siege.good())],
  ["order claims typed as a plain JWT", () => under({ typ: "JWT" })],
  ["a type in other letters", () => under({ typ: TYP.order.toUpperCase() })],
  ["no type", () => written(JSON.stringify({ alg: "EdDSA", kid: operator().kid }), claims())],
  ["a header that names keys elsewhere", () => under({ jku: "https://evil.example/jwks.json" })],
  ["a header that names a certificate elsewhere", () => under({ x5u: "https://evil.example/cert.pem" })],
  ["a header that brings a key", async () => under({ jwk: { kty: "OKP", crv: "Ed25519", x: publicKey() } })],
  [
    "a stranger's header that brings the stranger's key",
    async () => {
      const other = await generateKeys();
      const { keys } = JSON.parse(other.jwks) as { readonly keys: readonly [{ readonly kid: string }] };
      return under({ jwk: keys[0], kid: keys[0].kid }, claims(), await parseSigningKey(other.privateJwk));
    },
  ],
  ["a header that brings a certificate", () => under({ x5c: ["MIIB"] })],
  [
    "a header with something critical",
    () => under({ crit: ["https://ashat.example/x"], "https://ashat.example/x": 1 }),
  ],
  [
    "a payload that is not encoded",
    () =>
      written(
        JSON.stringify({ alg: "EdDSA", typ: TYP.order, kid: operator().kid, b64: false, crit: ["b64"] }),
        claims(),
      ),
  ],
  ["a header with a member twice", () => written(decent().replace("{", '{"alg":"none",'), claims())],
  ["a header with a space", () => written(decent().replace(",", ", "), claims())],
  ["a header that is a list", () => written(`[${decent()}]`, claims())],
  ["a header that is no JSON", () => written("alg: EdDSA", claims())],
  ["a claim twice, the good one last", () => written(decent(), claims().replace("{", '{"app":"../../etc",'))],
  ["a claim twice, the good one first", () => written(decent(), claims().replace(/\}$/, ',"version":"9.0.2"}'))],
  ["a claim twice, in another spelling", () => written(decent(), claims().replace("{", '{"\\u0061pp":"default",'))],
  ["a number in another spelling", () => written(decent(), claims().replace('"sequence":6', '"sequence":6.0'))],
  [
    "a number beyond what can be counted",
    () => written(decent(), claims().replace('"sequence":6', '"sequence":9007199254740993')),
  ],
  ["claims with a byte order mark", () => written(decent(), `\ufeff${claims()}`)],
  [
    "claims that are not UTF-8",
    () => {
      const [before = "", after = ""] = claims().split("target-000006");
      return under({}, Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]));
    },
  ],
  ["claims with something after them", () => written(decent(), `${claims()} {}`)],
  ["claims that are no JSON", () => written(decent(), "deliver 9.0.1")],
  ["a claim named __proto__", () => written(decent(), claims().replace("{", '{"__proto__":{"licence":"x"},'))],
  ["nothing as claims", () => written(decent(), "null")],
  ["claims nested without end", () => written(decent(), "[".repeat(9_000) + "]".repeat(9_000))],
  ["a text longer than any order", () => written(decent(), claims().replace("{", `{"also":"${"a".repeat(13_000)}",`))],
];
/** Signed by the operator and read as it is written, so only its claims are wrong. */
const MALFORMED: ReadonlySet<string> = new Set(["a claim named __proto__", "nothing as claims"]);

describe("an agent does not believe, and neither its status nor a byte on its disk is different afterwards:", () => {
  it.each(tricks)("%s", async (name, make) => {
    const malformed = MALFORMED.has(name);
    await isRefused({ body: await make() }, malformed ? 400 : 401, malformed ? "Malformed" : "Unauthorized");
  });

  it("and there are enough of them, each with a name of its own", () => {
    expect(new Set(tricks.map(([name]) => name)).size).toBe(tricks.length);
    expect(tricks.length).toBeGreaterThanOrEqual(40);
  });

  it("and an order that is signed and written like these, with nothing wrong, is taken", async () => {
    await expect(written(decent(), claims())).resolves.toBe(await loose(siege.good()));
    expect(await carryOut(siege.target(), siege.good())).toMatchObject({ state: "Applied" });
  });
});
