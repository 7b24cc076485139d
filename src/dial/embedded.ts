import { inRange, parseRange, type Ip } from "./ip.ts";

const within = (text: string) => {
  const range = parseRange(text);
  return (ip: Ip): boolean => range !== undefined && inRange(ip, range);
};
const at = (offset: number) => (ip: Ip) => ip.slice(offset, offset + 4);

/** Where IPv6 carries an IPv4 address, to which the network may bring what is sent there. */
const CARRIERS: readonly (readonly [is: (ip: Ip) => boolean, inner: (ip: Ip) => Ip])[] = [
  // Translated: RFC 2765, and the NAT64 prefix of RFC 6052.
  [within("::ffff:0:0:0/96"), at(12)],
  [within("64:ff9b::/96"), at(12)],
  // Tunnelled: IPv4-compatible, 6to4, Teredo (written inverted), ISATAP.
  [within("::/96"), at(12)],
  [within("2002::/16"), at(2)],
  [within("2001::/32"), (ip) => at(12)(ip).map((byte) => byte ^ 0xff)],
  [within("2001::/32"), at(4)],
  [(ip) => ((ip[8] ?? 0) & 0xfd) === 0 && ip[9] === 0 && ip[10] === 0x5e && ip[11] === 0xfe, at(12)],
];

const isLocalNat64 = within("64:ff9b:1::/48");
/** Where RFC 6052 puts the four bytes after a prefix of 48, 56 and 64 bits, and at the end. */
const PLACES = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
] as const;

/** Nobody sees how long the prefix is, so every place that holds something counts. */
const locallyTranslated = (ip: Ip): readonly Ip[] => {
  const all = PLACES.map((places) => Uint8Array.from(places, (place) => ip[place] ?? 0));
  const written = all.filter(([first]) => first !== 0);
  return written.length === 0 ? [at(12)(ip)] : written;
};

const isMapped = within("::ffff:0:0/96");

/** Every address that one address can mean: what may be sent to it must be allowed to be sent to all of them. */
export const facesOf = (ip: Ip): readonly Ip[] => {
  if (ip.length === 4) return [ip];
  if (isMapped(ip)) return [at(12)(ip)];
  // Neither is an IPv4 address, though both lie where some once were.
  if (ip.slice(0, 15).every((byte) => byte === 0) && (ip[15] ?? 0) < 2) return [ip];
  if (isLocalNat64(ip)) return [ip, ...locallyTranslated(ip)];
  return [ip, ...CARRIERS.filter(([is]) => is(ip)).map(([, inner]) => inner(ip))];
};
