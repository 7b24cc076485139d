import { Socket } from "node:net";
import { refusalOfHost, type AddressRules } from "../dial/address-rules.ts";
import { judgedLookup } from "../dial/judged-lookup.ts";

/** A socket that connects by TCP and only where the rules allow it, for a driver that connects by itself. */
export const judgedSocket = (addresses: AddressRules): Socket => {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const judged = (port: unknown, host: unknown): Socket => {
    if (typeof port !== "number" || typeof host !== "string")
      return socket.destroy(new Error("only a host and a port are connected to"));
    return (
      refuse(socket, refusalOfHost(addresses, host, port)) ??
      connect({ port, host, lookup: judgedLookup(addresses, port) })
    );
  };
  return Object.assign(socket, { connect: judged });
};

const refuse = (socket: Socket, refusal: Error | undefined): Socket | undefined =>
  refusal === undefined ? undefined : socket.destroy(refusal);
