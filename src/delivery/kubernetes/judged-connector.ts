import { buildConnector } from "undici";
import { type AddressRules, refusalOfHost } from "../../dial/address-rules.ts";
import { judgedLookup } from "../../dial/judged-lookup.ts";
import type { Tls } from "../../kube/connection.ts";

/** Connects to an API server by TLS, and only where the rules let one; a name is judged when it is resolved. */
export const judgedConnector = (tls: Omit<Tls, "insecure">, addresses: AddressRules): buildConnector.connector => {
  const connectors = new Map<number, buildConnector.connector>();
  return (options, callback) => {
    const port = Number(options.port || 443);
    const refusal = refusalOfHost(addresses, options.hostname, port);
    if (refusal !== undefined) return callback(refusal, null);
    const connect =
      connectors.get(port) ??
      buildConnector({ ...tls, timeout: 5_000, allowH2: false, lookup: judgedLookup(addresses, port) });
    connectors.set(port, connect);
    return connect(options, callback);
  };
};
