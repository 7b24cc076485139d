/** A binary heap: `pop` takes the least element in logarithmic time. */
export const createHeap = <T>(less: (a: T, b: T) => boolean) => {
  const items: T[] = [];

  const swap = (i: number, j: number): void => {
    const [a, b] = [items[i], items[j]];
    if (a === undefined || b === undefined) return;
    items[i] = b;
    items[j] = a;
  };
  const before = (i: number, j: number): boolean => {
    const [a, b] = [items[i], items[j]];
    return a !== undefined && b !== undefined && less(a, b);
  };

  return {
    peek: (): T | undefined => items[0],
    size: (): number => items.length,
    count: (counts: (item: T) => boolean): number => items.filter(counts).length,
    push: (item: T): void => {
      let at = items.push(item) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(at, parent)) break;
        swap(at, parent);
        at = parent;
      }
    },
    pop: (): T | undefined => {
      swap(0, items.length - 1);
      const least = items.pop();
      for (let at = 0; ;) {
        let child = 2 * at + 1;
        if (before(child + 1, child)) child += 1;
        if (!before(child, at)) break;
        swap(at, child);
        at = child;
      }
      return least;
    },
  };
};
