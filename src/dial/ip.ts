import { isIP } from "node:net";

/** An address as its bytes: four of IPv4, sixteen of IPv6. */
export type Ip = Uint8Array;

const v4 = (text: string): Ip => Uint8Array.from(text.split("."), Number);

const groups = (text: string): readonly number[] =>
  text === ""
    ? []
    : text.split(":").flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

const v6 = (text: string): Ip => {
  // The last four bytes may be written as IPv4.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const [high = 0, low = 0, high2 = 0, low2 = 0] = dotted === null ? [] : v4(dotted[2] ?? "");
  const plain = dotted === null ? text : `${dotted[1]}${hex(high)}${hex(low)}:${hex(high2)}${hex(low2)}`;
  const [before = "", after] = plain.split("::");
  const head = groups(before);
  const tail = after === undefined ? [] : groups(after);
  return Uint8Array.from([...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail]);
};

/** Reads an address as a resolver or a socket writes it; undefined for everything else, so that nothing is guessed. */
export const parseIp = (text: string): Ip | undefined => {
  const [address = ""] = text.replace(/^\[(.*)\]$/, "$1").split("%");
  switch (isIP(address)) {
    case 4:
      return v4(address);
    case 6:
      return v6(address);
    default:
      return undefined;
  }
};

export const sameIp = (a: Ip, b: Ip): boolean => a.length === b.length && a.every((byte, index) => byte === b[index]);

/** The addresses that begin with the same bits. */
export interface IpRange {
  readonly ip: Ip;
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or one address; undefined where it is neither. */
export const parseRange = (text: string): IpRange | undefined => {
  const [address = "", length, ...rest] = text.split("/");
  const ip = address.includes("%") ? undefined : parseIp(address);
  if (ip === undefined || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const bits = length === undefined ? ip.length * 8 : Number(length);
  return bits > ip.length * 8 ? undefined : { ip, bits };
};

export const inRange = (ip: Ip, range: IpRange): boolean =>
  ip.length === range.ip.length &&
  ip.every((byte, index) => {
    const left = range.bits - index * 8;
    if (left <= 0) return true;
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    return (byte & mask) === ((range.ip[index] ?? 0) & mask);
  });
