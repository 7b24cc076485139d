import { X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

const isCertificate = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
};

/** The certificates in a text and nothing else of it: a key may stand beside them, and what is returned is shown to pods. */
export function certificatesIn(text: string): string | undefined {
  const found = (text.match(BLOCK) ?? []).filter(isCertificate);
  return found.length === 0 ? undefined : `${found.join("\n")}\n`;
}
