import { generateKeys, parseJwks, parseSigningKey } from "../../../src/licence/keys.ts";
import { signJws, TYP } from "../../../src/licence/jws.ts";
import { judgeLicence, readLicence, signLicence } from "../../../src/licence/licence.ts";
import { verifyOrder } from "../../../src/licence/verify.ts";
import { NOW, sha } from "../fixtures.ts";
import type { Told } from "./told.ts";

/** What is said of licences and orders by whoever reads them. */

const FROM = Math.floor(NOW / 1000);
const DAY = 86_400;

const newKeys = async () => {
  const { privateJwk, jwks } = await generateKeys();
  return { key: await parseSigningKey(privateJwk), trusted: await parseJwks(jwks) };
};

const LICENCE = {
  holder: "Example Ltd",
  mainframe: "prod/cust-1",
  versions: ">=9 <10",
  nbf: FROM - DAY,
  exp: FROM + DAY,
  iat: FROM - DAY,
  jti: "lic-1",
};

async function licenceSays(
  change: Partial<typeof LICENCE>,
  { version = "9.4.2", spoil = (jws: string) => jws } = {},
): Promise<readonly Told[]> {
  const { key, trusted } = await newKeys();
  const text = await readLicence(spoil(await signLicence(key, { ...LICENCE, ...change })), trusted);
  const verdict = judgeLicence(text, { mainframe: "prod/cust-1", version, now: new Date(NOW) });
  return verdict.valid ? [] : [{ codes: [verdict.reason], text: verdict.message }];
}

const ORDER = {
  aud: "prod/staging",
  key: "uid-staging.default.main.6",
  deployment: "uid-patch",
  app: "default",
  layer: "main",
  version: "9.4.2",
  sha256: sha("a"),
  sequence: 6,
  snapshot: "staging-000006",
  nbf: FROM - 60,
  exp: FROM + 60,
  action: "restore",
};

async function orderSays(change: Readonly<Record<string, unknown>>, byAnother = false): Promise<readonly Told[]> {
  const [ours, theirs] = [await newKeys(), await newKeys()];
  const jws = await signJws((byAnother ? theirs : ours).key, TYP.order, { ...ORDER, ...change });
  const checked = await verifyOrder(jws, ours.trusted, { aud: "prod/staging", now: new Date(NOW) });
  return checked.ok ? [] : [{ codes: [checked.reason], text: checked.message }];
}

export const SIGNED: Readonly<Record<string, () => Promise<readonly Told[]>>> = {
  "no licence": () => licenceSays({}, { spoil: () => "" }),
  "a licence that is no signed text": () => licenceSays({}, { spoil: () => "a licence" }),
  "a licence with a claim too many": async () => {
    const { key, trusted } = await newKeys();
    const text = await readLicence(await signJws(key, TYP.licence, { ...LICENCE, seats: 3 }), trusted);
    const verdict = judgeLicence(text, { mainframe: "prod/cust-1", now: new Date(NOW) });
    return verdict.valid ? [] : [{ codes: [verdict.reason], text: verdict.message }];
  },
  "a licence of another signer": async () => {
    const { key } = await newKeys();
    const other = await signLicence(key, LICENCE);
    return licenceSays({}, { spoil: () => other });
  },
  "a licence of another mainframe": () => licenceSays({ mainframe: "prod/cust-2" }),
  "a licence for other versions": () => licenceSays({}, { version: "10.0.0" }),
  "a licence that has not begun": () => licenceSays({ nbf: FROM + 60 }),
  "a licence that has ended": () => licenceSays({ exp: FROM - 60 }),
  "an order of another signer": () => orderSays({}, true),
  "an order for another target": () => orderSays({ aud: "prod/other" }),
  "an order that has ended": () => orderSays({ exp: FROM - 1 }),
  "an order that has not begun": () => orderSays({ nbf: FROM + 30 }),
  "an order with a claim too many": () => orderSays({ also: "this" }),
  "an order whose key says something else": () => orderSays({ sequence: 7 }),
};
