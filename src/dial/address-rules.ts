import { lookup, type LookupAddress } from "node:dns";
import { facesOf } from "./embedded.ts";
import { inRange, parseIp, parseRange, sameIp, type Ip, type IpRange } from "./ip.ts";
import { specialOf } from "./special-addresses.ts";

/** Answers with all addresses of a name, as `dns.lookup` does with `all`. */
export type Resolve = (
  hostname: string,
  options: {
    readonly all: true;
    readonly family?: number | "IPv4" | "IPv6" | undefined;
    readonly hints?: number | undefined;
  },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** One listening end, for example `10.96.0.1:443`. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Which addresses one may connect to. */
export interface AddressRules {
  /** Special addresses that are connected to nevertheless. */
  readonly allow: readonly IpRange[];
  /** Never connected to, unless `allow` names exactly this one address: a wide range is not meant to open it. */
  readonly guarded: readonly (Place & { readonly what: string })[];
  /** What whoever reads a refusal can do, given the range that would have to be allowed. */
  readonly remedy: (range: string) => string;
  readonly resolve: Resolve;
}

export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
  readonly code = "ASHAT_ADDRESS_REFUSED";
}

/** The refusal in an error, also where another error was made of it on the way. */
export const refusalIn = (error: unknown): AddressRefusedError | undefined => {
  if (error instanceof AddressRefusedError) return error;
  return error instanceof Error && error.cause !== undefined ? refusalIn(error.cause) : undefined;
};

/** Reads ranges such as `127.0.0.0/8`; a text that is none is an error, because a rule nobody understands protects nobody. */
export const readRanges = (texts: readonly string[]): readonly IpRange[] =>
  texts.map((text) => {
    const range = parseRange(text);
    if (range === undefined)
      throw new Error(
        `${JSON.stringify(text)} is no range of addresses; write one such as 127.0.0.0/8 or fd00:1::/64.`,
      );
    return range;
  });

export const addressRules = (
  rules: Partial<Pick<AddressRules, "guarded" | "resolve">> & {
    readonly allow: readonly string[];
    readonly remedy: AddressRules["remedy"];
  },
): AddressRules => ({ guarded: [], resolve: lookup, ...rules, allow: readRanges(rules.allow) });

/** For whoever asks by hand, with the rights of their own machine. */
export const ANY_ADDRESS: AddressRules = addressRules({ allow: ["0.0.0.0/0", "::/0"], remedy: () => "" });

const written = (face: Ip, address: string): string => (face.length === 4 ? `${face.join(".")}/32` : `${address}/128`);

const isExactly = (face: Ip, { ip, bits }: IpRange): boolean => bits === ip.length * 8 && sameIp(face, ip);

/** Why an address that a host stands for is not connected to; undefined where it may be. */
export const refusalOf = (
  { allow, guarded, remedy }: AddressRules,
  host: string,
  { address, port }: Place,
): AddressRefusedError | undefined => {
  const refuse = (what: string, range: string): AddressRefusedError =>
    new AddressRefusedError(
      `${host === address ? host : `${host} leads to ${address}, which`} is ${what}; nothing is sent there. ${remedy(range)}`.trim(),
    );
  const ip = parseIp(address);
  if (ip === undefined) return refuse("no address that can be judged", address);
  for (const face of facesOf(ip)) {
    const range = written(face, address);
    const guard = guarded.find((place) => {
      const its = parseIp(place.address);
      return place.port === port && its !== undefined && facesOf(its).some((one) => sameIp(one, face));
    });
    if (guard !== undefined && !allow.some((one) => isExactly(face, one))) return refuse(guard.what, range);
    const special = specialOf(face);
    if (special !== undefined && !allow.some((one) => inRange(face, one) || inRange(ip, one)))
      return refuse(special, range);
  }
  return undefined;
};

/** The refusal of a host that is itself an address; a name is judged when it is resolved. */
export const refusalOfHost = (rules: AddressRules, hostname: string, port: number): AddressRefusedError | undefined => {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return parseIp(host) === undefined ? undefined : refusalOf(rules, host, { address: host, port });
};

/** The same of a URL, as it will be dialled. */
export const refusalOfUrl = (rules: AddressRules, url: string): AddressRefusedError | undefined => {
  const { hostname, port, protocol } = new URL(url);
  return refusalOfHost(rules, hostname, port === "" ? (protocol === "http:" ? 80 : 443) : Number(port));
};
