/**
 * Splits a byte stream into lines; a chunk may end in the middle of a line or of a character.
 * What follows the last newline was cut off by the end of the stream and is not a line.
 */
export async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      yield rest + text.slice(start, end);
      rest = "";
      start = end + 1;
    }
    rest += text.slice(start);
  }
}
