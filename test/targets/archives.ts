import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** Archives made by hand, because no decent tool writes what these must hold. */

export interface TarEntry {
  readonly name: string;
  /** The type letter of a tar header; "0" is a file, "5" a folder, "2" a symbolic link, "1" a hard link. */
  readonly type?: string;
  readonly mode?: number;
  readonly linkname?: string;
  readonly body?: string | Buffer;
  /** What the header says the size is, where it lies. */
  readonly size?: number;
  /** Written over the finished header, where even its sum lies. */
  readonly spoilt?: (block: Buffer) => void;
}

const BLOCK = 512;

const padded = (body: Buffer): Buffer => Buffer.concat([body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);

const header = ({ name, type = "0", mode = 0o644, linkname = "", size = 0, spoilt }: TarEntry): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void =>
    void block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  block.write(name, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(" ".repeat(8), 148, "latin1");
  block.write(type, 156, 1, "latin1");
  block.write(linkname, 157, 100);
  block.write("ustar\u000000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  spoilt?.(block);
  return block;
};

/** A pax record, which can say what a plain header cannot: `path` with a NUL, a size of its own. */
export const pax = (records: Readonly<Record<string, string>>): TarEntry => {
  const body = Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      const bytes = Buffer.byteLength(rest);
      const length = bytes + String(bytes + String(bytes).length).length;
      return `${length}${rest}`;
    })
    .join("");
  return { name: "pax", type: "x", body };
};

/** Entries without the two empty blocks that end a tar. */
export const openTar = (entries: readonly TarEntry[]): Buffer =>
  Buffer.concat(
    entries.flatMap((entry) => {
      const body = Buffer.from(entry.body ?? "");
      return [header({ ...entry, size: entry.size ?? body.length }), padded(body)];
    }),
  );

export const rawTar = (entries: readonly TarEntry[]): Buffer =>
  Buffer.concat([openTar(entries), Buffer.alloc(2 * BLOCK)]);

/** Changes a finished header and makes its sum right again. */
export const resummed =
  (change: (block: Buffer) => void) =>
  (block: Buffer): void => {
    change(block);
    block.write(" ".repeat(8), 148, "latin1");
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  };

export const manifestEntry = (version: string, more: Readonly<Record<string, unknown>> = {}): TarEntry => ({
  name: "ashat.json",
  body: JSON.stringify({ app: "default", layer: "main", version, modules: [{ name: "core", version }], ...more }),
});

/** An archive with a proper manifest and whatever else is put in. */
export const archive = (version: string, entries: readonly TarEntry[]): Buffer =>
  gzipSync(rawTar([manifestEntry(version), ...entries]));

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
