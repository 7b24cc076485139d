/** A word as a shell takes it for one word, and for nothing else. */
export const quoted = (word: string): string =>
  /^[\w@.:/+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
