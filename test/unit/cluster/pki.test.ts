import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { createCa, issue } from "../../cluster/pki.ts";

test("a server's certificate names it, is signed by its CA, and is known by its fingerprint", async () => {
  const ca = await createCa("sample");
  const issued = await issue(ca, { commonName: "shop", dns: ["localhost"], ips: ["127.0.0.1"] });
  const certificate = new X509Certificate(issued.certPem);
  expect(certificate.verify(new X509Certificate(ca.certPem).publicKey)).toBe(true);
  expect(certificate.verify(new X509Certificate((await createCa("other")).certPem).publicKey)).toBe(false);
  expect(certificate.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
  expect(certificate.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(issued.sha256);
});

test("a certificate can be made that has expired", async () => {
  const issued = await issue(await createCa("sample"), {
    commonName: "shop",
    ips: ["127.0.0.1"],
    notAfter: new Date("2020-01-02"),
    notBefore: new Date("2020-01-01"),
  });
  expect(new X509Certificate(issued.certPem).validToDate).toEqual(new Date("2020-01-02"));
});
