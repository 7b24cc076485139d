import { isIP } from "node:net";
import type { X509Certificate } from "node:crypto";
import { requiredCategories } from "../api/checks.ts";
import { isWrongCertificate, pinOf, type Trust } from "../dial/trust.ts";
import { notConfigured, unanswered, type Check } from "./check.ts";
import { acceptsOld, handshake, type Handshake } from "./handshake.ts";
import { bannerFindings, cookieFindings, headerFindings, type Finding } from "./header-rules.ts";
import { ledger, type Ledger } from "./ledger.ts";
import { troubleOf } from "./trouble.ts";
import { plural, quoted } from "./words.ts";

const DAY_MS = 86_400_000;
const MIN_RSA_BITS = 2048;

const assertIdentity = (book: Ledger, { certificate, distrust }: Handshake, trust: Trust): void => {
  const { sha256 } = trust;
  if (sha256 !== undefined) {
    const found = pinOf(certificate.raw);
    book.assert(
      "the certificate is the pinned one",
      found === sha256.replaceAll(":", "").toLowerCase(),
      () => `the certificate has SHA-256 ${found}, which is not the pinned one`,
    );
  }
  if (sha256 === undefined || trust.ca !== undefined) {
    book.assert(
      "chain and name of the certificate hold",
      distrust === undefined,
      () => `chain or name of the certificate do not hold (${distrust})`,
    );
  }
};

const assertCertificate = (book: Ledger, certificate: X509Certificate, now: Date, minDaysLeft: number): void => {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  const days = Math.floor((to.getTime() - now.getTime()) / DAY_MS);
  book.measure("certificateDaysLeft", days);
  book.assert(
    "the certificate is already valid",
    from <= now,
    () => `the certificate is valid only from ${from.toISOString()}`,
  );
  book.assert(
    `the certificate is valid for at least ${plural(minDaysLeft, "day")} more`,
    to > now && days >= minDaysLeft,
    () =>
      to <= now
        ? `the certificate expired at ${to.toISOString()}`
        : `the certificate expires at ${to.toISOString()}, in ${plural(days, "day")}, less than ${minDaysLeft}`,
  );
  const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined)
    book.assert(
      `the key has at least ${MIN_RSA_BITS} bits`,
      bits >= MIN_RSA_BITS,
      () => `the key has only ${bits} bits`,
    );
};

const assertFindings = (
  book: Ledger,
  claim: string,
  findings: readonly Finding[],
  allowed: ReadonlySet<string>,
): void => {
  const open = findings.filter(({ id }) => !allowed.has(id));
  book.assert(claim, open.length === 0, () => open.map(({ id, sentence }) => `${sentence} (${id})`).join("; "));
};

/**
 * TLS versions, certificate, headers, cookies, banners of one answer. Over `http://` there is nothing to protect the rest, so
 * it is `Failed` (Insecure) where the scan is required, and no proof either way where it is not.
 */
export const checkSecurity: Check = async ({ url, trust, addresses, checks }, asker, world) => {
  const { security } = checks;
  if (security === undefined) return notConfigured("security");
  const book = ledger();
  if (!asker.secure) {
    const insecure = `Insecure: ${asker.where} is asked over http://, so nobody can tell who answers and everybody can read along`;
    if (!requiredCategories(checks).includes("Security Scan")) return book.inconclusive(`${insecure}.`);
    book.assert("the server is asked over https://", false, () => insecure);
    return book.close("");
  }

  let shaken: Handshake;
  try {
    shaken = await handshake({ url, trust, addresses }, world.signal);
  } catch (error) {
    const stopped = world.signal.aborted;
    return unanswered(
      book,
      "the server speaks TLS 1.2 or newer",
      troubleOf(error, {
        where: asker.where,
        deadlineMs: 10_000,
        late: false,
        stopped,
        wrongCertificate: isWrongCertificate(error),
      }),
    );
  }
  book.measure("tls", shaken.protocol);
  book.measure("cipher", shaken.cipher);
  book.assert("the server speaks TLS 1.2 or newer", true, () => "");
  assertIdentity(book, shaken, trust);
  assertCertificate(book, shaken.certificate, world.now(), security.minDaysLeft);
  for (const [version, name] of [
    ["TLSv1", "TLS 1.0"],
    ["TLSv1.1", "TLS 1.1"],
  ] as const) {
    const old = await acceptsOld({ url, addresses }, version, world.signal);
    if (old === "unknown") book.measure(`${name} refused`, "could not be tried");
    else book.assert(`${name} is refused`, old === "refused", () => `the server still accepts ${name}`);
  }
  if (world.signal.aborted) return book.inconclusive(`The scan of ${asker.where} was stopped before its end.`);

  const asked = await asker.ask({ path: security.path, deadlineMs: 10_000 });
  if ("trouble" in asked) return unanswered(book, `GET ${security.path} answers`, asked.trouble);
  const { headers, status } = asked.answer;
  book.measure("status", status);
  const allowed = new Set(
    (security.allow ?? []).map((id) => id.replace(/^(header|banner)\/.*$/, (match) => match.toLowerCase())),
  );
  const byAddress = isIP(new URL(url).hostname.replace(/^\[|\]$/g, "")) !== 0;
  // Browsers ignore this header from a host without a name (RFC 6797, 8.1.1), so it would protect nothing.
  const required = security.requireHeaders.filter(
    (name) => !(byAddress && name.toLowerCase() === "strict-transport-security"),
  );
  if (required.length > 0)
    assertFindings(
      book,
      `headers are there and safe: ${required.join(", ")}`.slice(0, 250),
      headerFindings(headers, required),
      allowed,
    );
  assertFindings(book, "every cookie is Secure, HttpOnly and SameSite", cookieFindings(headers), allowed);
  assertFindings(book, "no banner tells a version", bannerFindings(headers), allowed);
  return book.close(
    `${asker.where} speaks ${shaken.protocol}, its certificate is valid until ${quoted(new Date(shaken.certificate.validTo).toISOString().slice(0, 10)).slice(1, -1)}, and headers, cookies and banners are as they should be.`,
  );
};
