/** How many letters to change, add or leave out to get from one word to the other. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split("").entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split("").entries())
      next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    row = next;
  }
  return row[b.length] ?? 0;
}

const MOST = 3;

/** The known words somebody may have meant, the nearest first: a few letters away, or beginning like it. */
export function nearest(typed: string, known: readonly string[]): readonly string[] {
  const asked = typed.toLowerCase().slice(0, 253);
  return known
    .map((word) => ({ word, away: distance(asked, word.toLowerCase()), alike: alike(asked, word.toLowerCase()) }))
    .filter(({ away, alike: begins }) => begins || away <= Math.max(1, Math.floor(asked.length / 3)))
    .sort((a, b) => a.away - b.away || (a.word < b.word ? -1 : 1))
    .slice(0, MOST)
    .map(({ word }) => word);
}

const ENOUGH = 4;

/** Both begin with the same letters, enough of them and at least half of the shorter word. */
function alike(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  let same = 0;
  while (same < shorter && a[same] === b[same]) same += 1;
  return same >= Math.max(ENOUGH, shorter / 2);
}
