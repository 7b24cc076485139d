/** Text of a target is hostile until proven otherwise: no control characters, and never long enough to bury a sentence. */
export const quoted = (text: string, max = 80): string => {
  const plain = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return `"${plain.length > max ? `${plain.slice(0, max - 1).toWellFormed()}…` : plain}"`;
};

/** Milliseconds as people read them: two decimals below ten, whole numbers above a hundred. */
export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** A few of many, so that a message stays a sentence. */
export const some = (items: readonly string[], max = 3): string =>
  items.length <= max ? items.join("; ") : `${items.slice(0, max).join("; ")}; and ${items.length - max} more`;
