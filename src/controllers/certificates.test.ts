import { beforeAll, expect, test } from "vitest";
import { createCa, type Ca } from "../../test/cluster/pki.ts";
import { certificatesIn } from "./certificates.ts";

let ca: Ca;
let other: Ca;
beforeAll(async () => {
  [ca, other] = await Promise.all([createCa("one"), createCa("two")]);
});

test("of a bundle with a key in it only the certificates are kept", () => {
  const kept = certificatesIn(`# our CA\n${ca.certPem}\n${ca.keyPem}\npassword=hunter2\n${other.certPem}`) ?? "";
  expect(kept.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(kept).not.toMatch(/KEY|hunter2|our CA/);
});

test.each([
  ["a password", () => "hunter2"],
  ["a private key", () => ca.keyPem],
  ["a key between the marks of a certificate", () => ca.keyPem.replaceAll("PRIVATE KEY", "CERTIFICATE")],
  ["a certificate that never ends", () => `-----BEGIN CERTIFICATE-----\n${ca.keyPem}`],
  ["nothing", () => ""],
])("%s holds no certificate, and nothing of it is kept", (_situation, text) => {
  expect(certificatesIn(text())).toBeUndefined();
});
