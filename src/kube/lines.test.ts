import { expect, test } from "vitest";
import { lines } from "./lines.ts";

const collect = async (chunks: readonly Uint8Array[]): Promise<string[]> => {
  const all: string[] = [];
  const stream = (async function* () {
    yield* chunks;
  })();
  for await (const line of lines(stream)) all.push(line);
  return all;
};

const TEXT = '{"a":"ä€😀"}\n{"b":2}\n\n{"c":"long enough to be cut"}\n';
const WHOLE = ['{"a":"ä€😀"}', '{"b":2}', "", '{"c":"long enough to be cut"}'];

test("wherever the stream is cut into chunks, also inside a character, the lines are the same", async () => {
  const bytes = Buffer.from(TEXT, "utf8");
  for (let size = 1; size <= bytes.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    expect(await collect(chunks)).toEqual(WHOLE);
  }
});

test("what follows the last newline is not a line", async () => {
  expect(await collect([Buffer.from('{"a":1}\n{"b":')])).toEqual(['{"a":1}']);
});

test("bytes that are no UTF-8 are an error, not a replacement character in somebody's name", async () => {
  await expect(collect([Buffer.from([0x22, 0xff, 0x22, 0x0a])])).rejects.toThrow(TypeError);
});
