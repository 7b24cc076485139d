import { expect, test } from "vitest";
import { generateKeys, parseJwks, parseSigningKey } from "../licence/keys.ts";
import { judgeLicence, signLicence } from "../licence/licence.ts";
import { createLicences } from "./licences.ts";

const NOW = 1_900_000_000;

test("a text is read once, and judged anew by every time, mainframe and version", async () => {
  const { privateJwk, jwks } = await generateKeys();
  const claims = {
    holder: "Example Ltd",
    mainframe: "ns/mf",
    versions: ">=9",
    nbf: NOW,
    exp: NOW + 10,
    iat: NOW,
    jti: "l",
  };
  const text = await signLicence(await parseSigningKey(privateJwk), claims);
  const licences = createLicences(await parseJwks(jwks));
  expect(licences(text)).toBe(licences(text));
  const at = async (seconds: number, mainframe = "ns/mf", version = "9.4.2") => {
    const verdict = judgeLicence(await licences(text), { mainframe, version, now: new Date(seconds * 1000) });
    return verdict.valid ? "valid" : verdict.reason;
  };
  expect([
    await at(NOW),
    await at(NOW + 10),
    await at(NOW - 1),
    await at(NOW, "ns/other"),
    await at(NOW, "ns/mf", "8.0.0"),
  ]).toEqual(["valid", "LicenceExpired", "LicenceNotYetValid", "LicenceWrongMainframe", "LicenceVersionNotEntitled"]);
  expect(await licences(`${text}x`)).toMatchObject({ state: "Refused" });
  expect(await licences(undefined)).toEqual({ state: "Missing" });
});
