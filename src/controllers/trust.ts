import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import type { Tls } from "../api/target.ts";
import type { AgentTarget } from "../delivery/driver.ts";
import { AddressRefusedError, refusalOfUrl } from "../dial/address-rules.ts";
import type { Trust } from "../dial/trust.ts";
import { notFound } from "../kube/errors.ts";
import { certificatesIn } from "./certificates.ts";
import type { Context } from "./context.ts";
import { SECRETS } from "./kinds.ts";

/** The CA a target names cannot be had; a sentence for its status. */
export class TrustMissing extends Error {
  override readonly name = "TrustMissing";
}

const AGENT_PORT = 7443;

/** How the agent of a target is reached: as the target says, or at the usual port of its own host. */
export async function agentOf(context: Context, target: Server | Mainframe, signal: AbortSignal): Promise<AgentTarget> {
  const { agent, tls, url } = target.spec;
  // Only the checks ask there; a server that they may not ask is not delivered to in the first place.
  const refusal = url === undefined ? undefined : refusalOfUrl(context.addresses.rules, url);
  if (refusal !== undefined) throw new AddressRefusedError(`spec.url: ${refusal.message}`);
  const address = agent?.url ?? `https://${new URL(url ?? "https://unknown.invalid").hostname}:${AGENT_PORT}`;
  return { url: address, tls: await trustOf(context, target, agent?.tls ?? tls, signal) };
}

export async function trustOf(
  { client }: Context,
  target: Server | Mainframe,
  tls: Tls | undefined,
  signal: AbortSignal,
): Promise<Trust> {
  if (tls?.sha256 !== undefined) return { sha256: tls.sha256 };
  if (tls?.caSecretRef === undefined) return {};
  const { name, key } = tls.caSecretRef;
  const at = { namespace: target.metadata.namespace, name };
  const where = `Secret ${at.namespace}/${name}, which holds the CA of ${target.kind.toLowerCase()} ${target.metadata.name},`;
  const secret = await client.get(SECRETS, at, { signal }).catch((error: unknown) => {
    if (notFound(error)) throw new TrustMissing(`${where} does not exist`);
    throw error;
  });
  const value = secret.data?.[key];
  if (value === undefined) throw new TrustMissing(`${where} has no key ${key}`);
  const ca = certificatesIn(Buffer.from(value, "base64").toString("utf8"));
  if (ca === undefined) throw new TrustMissing(`${where} holds no certificate in PEM under its key ${key}`);
  return { ca };
}
