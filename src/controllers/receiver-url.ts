import type { AddressRules } from "../dial/address-rules.ts";
import { inRange, parseIp } from "../dial/ip.ts";

/** Inside the cluster, by the name of a Service: `hooks.team.svc`, `hooks.team.svc.cluster.local`. */
const SERVICE = /^[a-z0-9-]+\.[a-z0-9-]+\.svc(\.|$)/;

/** Reads where notifications go. Plain HTTP never leaves the cluster unless its address was allowed by hand; an error names the flag it comes from, and no more than the host. */
export function readReceiverUrl(flag: string, text: string, { allow }: Pick<AddressRules, "allow">): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new Error(`${flag} is no URL of a receiver; write one such as https://hooks.example/ashat.`);
  if (url.username !== "" || url.password !== "")
    throw new Error(
      `${flag} of ${url.host} carries a user and password; leave them out: the receiver knows the operator by its signature.`,
    );
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const ip = parseIp(host);
  const allowed = ip === undefined ? SERVICE.test(host) : allow.some((range) => inRange(ip, range));
  if (url.protocol === "http:" && !allowed)
    throw new Error(
      `${flag} leads to ${url.host} over http://, which anybody on the way can read; use https://, a Service of the cluster, or an address that --allow-address names.`,
    );
  url.hash = "";
  return url;
}
