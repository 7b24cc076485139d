import { API_VERSION } from "../../src/api/group.ts";
import { readSigningKey } from "../../src/licence/key-files.ts";
import { signLicence } from "../../src/licence/licence.ts";
import type { Keys } from "./keys.ts";
import type { TargetProcesses } from "./target.ts";

const object = (kind: string, namespace: string, name: string, spec: object): object => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { namespace, name },
  spec,
});

export const server = (
  namespace: string,
  tier: "Alpha" | "Public" | "Omega",
  at: TargetProcesses,
  extra: object = {},
): object =>
  object("Server", namespace, at.name, {
    tier,
    url: at.url,
    tls: { sha256: at.certificate.sha256 },
    agent: { url: at.agentUrl },
    ...extra,
  });

export const mainframe = (
  namespace: string,
  omega: string,
  at: TargetProcesses,
  licence: string | undefined,
  extra: object = {},
): object =>
  object("Mainframe", namespace, at.name, {
    omega,
    agent: { url: at.agentUrl, tls: { sha256: at.certificate.sha256 } },
    ...(licence !== undefined && { licence }),
    ...extra,
  });

export const update = (
  namespace: string,
  name: string,
  release: { readonly version: string; readonly url: string; readonly sha256: string },
  extra: object = {},
): object =>
  object("Deployment", namespace, name, {
    version: release.version,
    description: `RaOS ${release.version}`,
    artifact: { archive: { url: release.url, sha256: release.sha256 } },
    ...extra,
  });

export interface LicenceTerms {
  readonly versions?: string;
  readonly from?: Date;
  readonly until?: Date;
}

const DAY = 86_400_000;

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

export async function licenceFor(
  keys: Keys,
  namespace: string,
  name: string,
  { versions = ">=1", from, until }: LicenceTerms = {},
): Promise<string> {
  const now = Date.now();
  return signLicence(await readSigningKey(keys.licenceKey), {
    holder: `Holder of ${name}`,
    mainframe: `${namespace}/${name}`,
    versions,
    nbf: seconds(from ?? new Date(now - DAY)),
    exp: seconds(until ?? new Date(now + 365 * DAY)),
    iat: seconds(new Date(now)),
    jti: `${namespace}-${name}`,
  });
}
