import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { z } from "zod";
import type { CheckInput } from "../api/check-run.ts";
import { addressRules, type AddressRules, type Place } from "../dial/address-rules.ts";
import type { Client } from "../kube/client.ts";
import type { Log } from "../runtime/log.ts";

/** Which addresses the operator connects to, and what it tells its Jobs about them. */
export interface Addresses {
  readonly rules: AddressRules;
  readonly forJobs: CheckInput["addresses"];
}

/** Rules for whatever a Server or Mainframe names: what was allowed, and never the API server. */
export function addressesOf(allow: readonly string[], apiServers: readonly Place[]): Addresses {
  return {
    rules: addressRules({
      allow,
      guarded: apiServers.map((place) => ({ ...place, what: "the API server of this cluster" })),
      remedy: (range) =>
        `Whoever administers the namespace corrects the address, or whoever runs the operator allows it with --allow-address ${range}.`,
    }),
    forJobs: { allow: [...allow], guarded: apiServers.map(({ address, port }) => ({ address, port })) },
  };
}

const ApiVersions = z.object({
  serverAddressByClientCIDRs: z.array(z.object({ serverAddress: z.string() })).default([]),
});

interface Known {
  /** The URL the operator uses. */
  readonly server: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly client: Client;
  readonly log: Log;
}

/** Where the API server listens: as the operator reaches it, as pods reach it, and as it says of itself. */
export async function apiServerPlaces({ server, env, client, log }: Known): Promise<readonly Place[]> {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const found = [
    ...(await placesOf(server, log)),
    ...(host === undefined ? [] : await placesOf(urlOf(host, env["KUBERNETES_SERVICE_PORT"] ?? "443"), log)),
    ...(await itsOwnWord(client, log)),
  ];
  return [...new Map(found.map((place) => [JSON.stringify(place), place])).values()];
}

const urlOf = (host: string, port: string): string => `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

async function placesOf(url: string, log: Log): Promise<readonly Place[]> {
  const { hostname, port: written, protocol } = new URL(url);
  const port = written === "" ? (protocol === "http:" ? 80 : 443) : Number(written);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0) return [{ address: host, port }];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => ({ address, port }));
  } catch (error) {
    log.warn({ host, error }, "the name of the API server cannot be resolved: its addresses are not guarded");
    return [];
  }
}

/** Behind the service of the cluster it has an address of its own. That is a second wall, so an API server that does not say goes on without it. */
async function itsOwnWord(client: Client, log: Log): Promise<readonly Place[]> {
  try {
    const { serverAddressByClientCIDRs } = ApiVersions.parse(JSON.parse(await client.raw("/api")));
    const urls = serverAddressByClientCIDRs.flatMap(({ serverAddress }) => URL.parse(`https://${serverAddress}`) ?? []);
    return (await Promise.all(urls.map(({ href }) => placesOf(href, log)))).flat();
  } catch (error) {
    log.warn({ error }, "the API server does not say where it listens: only the address it is reached by is guarded");
    return [];
  }
}
