const BLOCK = 512;
const SIZE_AT = 124;
/** Where the sum of a header lies, which says nothing where all else is empty. */
const isSum = (at: number): boolean => at >= 148 && at < 156;

/** What a header says the size of its body is: octal digits, or with its first bit set a binary number. */
const sizeIn = (header: Buffer): number => {
  const field = header.subarray(SIZE_AT, SIZE_AT + 12);
  if (((field[0] ?? 0) & 0x80) !== 0) return field.readUIntBE(6, 6);
  return Number.parseInt(/[0-7]+/.exec(field.toString("latin1"))?.[0] ?? "0", 8);
};

/**
 * Watches for the end that a tar itself marks. Tools disagree on whether to read on after it, so what lies there could be unpacked here
 * though nobody who looked into the archive has seen it.
 */
export class TarEnd {
  readonly #block = Buffer.alloc(BLOCK);
  #filled = 0;
  #body = 0;
  #marked = false;
  #goesOn = false;

  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, chunk.length - at);
        this.#body -= skipped;
        at += skipped;
        continue;
      }
      const copied = chunk.copy(this.#block, this.#filled, at);
      this.#filled += copied;
      at += copied;
      if (this.#filled === BLOCK) this.#header();
    }
  }

  #header(): void {
    this.#filled = 0;
    if (this.#block.every((byte, at) => byte === 0 || isSum(at))) this.#marked = true;
    else if (this.#marked) this.#goesOn = true;
    else this.#body = Math.ceil(sizeIn(this.#block) / BLOCK) * BLOCK;
  }

  /** Why it is not known where the archive ends; undefined where it ends as it says. */
  get problem(): string | undefined {
    if (this.#goesOn) return "it goes on after its own end";
    return this.#marked ? undefined : "its end is missing";
  }
}
