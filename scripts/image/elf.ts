const MAGIC = 0x464c457f;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

const whole = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));

const textAt = (bytes: Buffer, at: number): string => bytes.toString("latin1", at, bytes.indexOf(0, at));

/** The libraries that a program or a library asks the loader for; none where it is no ELF file of 64 bits, little endian. */
export function neededLibraries(bytes: Buffer): readonly string[] {
  if (bytes.length < 64 || bytes.readUInt32LE(0) !== MAGIC || bytes[4] !== 2 || bytes[5] !== 1) return [];
  const table = whole(bytes, 32);
  const size = bytes.readUInt16LE(54);
  const segments = Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = table + index * size;
    return {
      type: bytes.readUInt32LE(at),
      offset: whole(bytes, at + 8),
      address: whole(bytes, at + 16),
      length: whole(bytes, at + 32),
    };
  });
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return [];
  const tags = Array.from({ length: Math.floor(dynamic.length / 16) }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return { tag: whole(bytes, at), value: whole(bytes, at + 8) };
  });
  const address = tags.find(({ tag }) => tag === DT_STRTAB)?.value ?? 0;
  const home = segments.find(
    (segment) => segment.type === PT_LOAD && segment.address <= address && address < segment.address + segment.length,
  );
  if (home === undefined) return [];
  const strings = address - home.address + home.offset;
  return tags.filter(({ tag }) => tag === DT_NEEDED).map(({ value }) => textAt(bytes, strings + value));
}
