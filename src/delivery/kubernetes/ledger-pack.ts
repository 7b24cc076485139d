import { gunzipSync, gzipSync } from "node:zlib";

/** Manifests are bounded where they are read, and this is more than becomes of them; a text that unpacks to more is none of ours. */
const MOST_UNPACKED = 64 * 1024 * 1024;
/** A Secret holds a little more. */
export const MOST_PACKED = 900 * 1024;

export const packed = (value: unknown): string => gzipSync(JSON.stringify(value), { level: 9 }).toString("base64");

export const unpacked = (text: string): unknown =>
  JSON.parse(gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: MOST_UNPACKED }).toString("utf8"));

/** In bytes, as a Secret counts them. */
export const sizeOf = (data: Readonly<Record<string, string>>): number =>
  Object.values(data).reduce((sum, value) => sum + Math.floor((value.length * 3) / 4), 0);
