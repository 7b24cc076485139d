import { createHash, webcrypto } from "node:crypto";
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 does not load without what it does
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

// Certificates are made in Node, because openssl is not on every machine.
x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;

export interface Issued {
  readonly certPem: string;
  readonly keyPem: string;
  /** SHA-256 of the certificate in DER: 64 hex digits, lower case. */
  readonly sha256: string;
}

export interface Ca extends Issued {
  readonly name: string;
}

export interface Subject {
  readonly commonName: string;
  readonly organization?: readonly string[];
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  /** A certificate to log in with instead of one to serve with. */
  readonly client?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

type KeyPair = Awaited<ReturnType<typeof newKeys>>;

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

const pemOfPrivate = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;

const pemOfPublic = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("spki", key), "PUBLIC KEY")}\n`;

const privateOfPem = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), ALGORITHM, true, ["sign"]);

const issued = async (certificate: x509.X509Certificate, keys: KeyPair): Promise<Issued> => ({
  certPem: `${certificate.toString("pem")}\n`,
  keyPem: await pemOfPrivate(keys.privateKey),
  sha256: createHash("sha256").update(new Uint8Array(certificate.rawData)).digest("hex"),
});

const serialNumber = (): string =>
  Buffer.from(webcrypto.getRandomValues(new Uint8Array(15)))
    .toString("hex")
    .replace(/^/, "01");

export const createCa = async (name: string): Promise<Ca> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 365 * DAY),
    signingAlgorithm: ALGORITHM,
    keys: keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { name, ...(await issued(certificate, keys)) };
};

export const issue = async (ca: Ca, subject: Subject): Promise<Issued> => {
  const keys = await newKeys();
  const names = [
    ...(subject.dns ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(subject.ips ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(subject.organization ?? []).map((group) => ({ O: [group] })), { CN: [subject.commonName] }],
    issuer: [{ CN: [ca.name] }],
    notBefore: subject.notBefore ?? new Date(Date.now() - DAY),
    notAfter: subject.notAfter ?? new Date(Date.now() + 364 * DAY),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await privateOfPem(ca.keyPem),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        subject.client ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(new x509.X509Certificate(ca.certPem)),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return issued(certificate, keys);
};

/** The key pair with which an API server signs service-account tokens. */
export const createSigningKey = async (): Promise<{ readonly privatePem: string; readonly publicPem: string }> => {
  const keys = await newKeys();
  return { privatePem: await pemOfPrivate(keys.privateKey), publicPem: await pemOfPublic(keys.publicKey) };
};
