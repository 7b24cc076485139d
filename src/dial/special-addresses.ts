import { inRange, parseRange, type Ip, type IpRange } from "./ip.ts";

/** Addresses at which no server of others is found, and what is found there instead. Private networks are not among them. */
const SPECIAL: readonly (readonly [words: string, ranges: readonly string[]])[] = [
  [
    "the address where a cloud hands out what a machine may know and do",
    [
      "169.254.169.254/32",
      "169.254.170.2/32",
      "169.254.170.23/32",
      "100.100.100.200/32",
      "168.63.129.16/32",
      "192.0.0.192/32",
      "fd00:ec2::/32",
      "fd20:ce::254/128",
      "fd00:42::42/128",
    ],
  ],
  ["a loopback address: whoever asks would ask itself", ["127.0.0.0/8", "::1/128"]],
  ["an unspecified address: whoever asks would ask itself", ["0.0.0.0/8", "::/128"]],
  ["a link-local address, which means another machine on every network", ["169.254.0.0/16", "fe80::/10"]],
  ["a multicast address", ["224.0.0.0/4", "ff00::/8"]],
  ["a broadcast address", ["255.255.255.255/32"]],
  ["an address reserved for the protocols themselves", ["192.0.0.0/24", "240.0.0.0/4", "fec0::/10", "100::/64"]],
];

const ranges: readonly (readonly [words: string, range: IpRange])[] = SPECIAL.flatMap(([words, list]) =>
  list.map((text) => {
    const range = parseRange(text);
    if (range === undefined) throw new Error(`${text} is no range of addresses`);
    return [words, range] as const;
  }),
);

/** What is special about an address, in words; undefined for one where a server may be. */
export const specialOf = (ip: Ip): string | undefined => ranges.find(([, range]) => inRange(ip, range))?.[0];
