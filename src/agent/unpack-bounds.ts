import { OrderFailure } from "./failure.ts";

export interface UnpackLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Unpacked to packed; looked at only from `RATIO_FROM` bytes on, because small archives compress oddly well. */
  readonly maxRatio: number;
}

const RATIO_FROM = 16 * 1024 * 1024;
/** What an entry may cost besides its body (header, padding, long names), and what may be in flight. */
const ENTRY_OVERHEAD = 8 * 1024;
const SLACK = 1024 * 1024;

const no = (what: string): never => {
  throw new OrderFailure("ArchiveRefused", `The archive was refused: ${what}. Nothing was switched.`);
};

/** What an archive may cost, counted while it is read. */
export class Bounds {
  packed = 0;
  unpacked = 0;
  bodies = 0;
  /** Folders that no entry names, but that have to be made, count like entries. */
  entries = 0;
  readonly #limits: UnpackLimits;

  constructor(limits: UnpackLimits) {
    this.#limits = limits;
  }

  check(): void {
    const { maxEntries, maxBytes, maxRatio } = this.#limits;
    if (this.entries > maxEntries) no(`it has more than ${maxEntries} entries`);
    if (this.unpacked > maxBytes) no(`it unpacks to more than ${maxBytes} bytes`);
    if (this.unpacked > RATIO_FROM && this.unpacked > this.packed * maxRatio)
      no(`it unpacks to more than ${maxRatio} times its size`);
    // Long names and padding are held in memory by the reader, so what is no body stays small.
    if (this.unpacked - this.bodies > SLACK + this.entries * ENTRY_OVERHEAD) no("it holds too much that is no file");
  }
}
