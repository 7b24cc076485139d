import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ca, issue, type Issued } from "../cluster/pki.ts";

/** Where pods are real containers they reach what runs on this machine by an address that only who started them knows. */
export const HERE = process.env["ASHAT_TEST_HOST"] ?? "127.0.0.1";

export interface SeatOptions {
  readonly namespace: string;
  readonly name: string;
  readonly dir: string;
  readonly ca: Ca;
  /** The address it is reached by; loopback, or what ASHAT_TEST_HOST says. */
  readonly host?: string;
}

/** What the disk of a machine holds before anything runs on it: its certificate, whom it trusts, and room for releases. */
export async function laySeat({ namespace, name, dir: all, ca, host = HERE }: SeatOptions): Promise<{
  readonly namespace: string;
  readonly name: string;
  readonly dir: string;
  readonly root: string;
  readonly certificate: Issued;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly host: string;
}> {
  const dir = join(all, `${namespace}-${name}`);
  const root = join(dir, "root");
  await mkdir(root, { recursive: true });
  const certificate = await issue(ca, { commonName: name, dns: ["localhost"], ips: [host] });
  const [certFile, keyFile, caFile] = [join(dir, "tls.crt"), join(dir, "tls.key"), join(dir, "ca.crt")];
  await Promise.all([
    writeFile(certFile, certificate.certPem),
    writeFile(keyFile, certificate.keyPem, { mode: 0o600 }),
    writeFile(caFile, ca.certPem),
  ]);
  return { namespace, name, dir, root, certificate, certFile, keyFile, caFile, host };
}
