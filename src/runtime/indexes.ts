/** Each named index gives the values under which an object is found; none means it is not in that index. */
export type IndexFunctions<T, I extends string> = Readonly<Record<I, (object: T) => readonly string[]>>;

type Shelf<T> = Map<string, Map<string, T>>;

export const createIndexes = <T, I extends string>(functions: IndexFunctions<T, I>) => {
  const named = Object.entries(functions) as [I, (object: T) => readonly string[]][];
  const shelves = new Map<string, Shelf<T>>(named.map(([name]) => [name, new Map()]));

  const each = (object: T, visit: (shelf: Shelf<T>, value: string) => void): void => {
    for (const [name, valuesOf] of named) {
      const shelf = shelves.get(name);
      if (shelf !== undefined) for (const value of valuesOf(object)) visit(shelf, value);
    }
  };

  return {
    add: (key: string, object: T): void =>
      each(object, (shelf, value) => {
        const at = shelf.get(value) ?? new Map<string, T>();
        shelf.set(value, at.set(key, object));
      }),
    drop: (key: string, object: T): void =>
      each(object, (shelf, value) => {
        const at = shelf.get(value);
        at?.delete(key);
        if (at?.size === 0) shelf.delete(value);
      }),
    by: (name: I, value: string): readonly T[] => [...(shelves.get(name)?.get(value)?.values() ?? [])],
  };
};

/** One malformed object must not end the watch of all the others. */
export const guarded = <T, I extends string>(
  functions: IndexFunctions<T, I>,
  complain: (error: unknown, index: string) => void,
): IndexFunctions<T, I> => {
  const named = Object.entries(functions) as [I, (object: T) => readonly string[]][];
  const safe = named.map(([name, valuesOf]) => [
    name,
    (object: T): readonly string[] => {
      try {
        return valuesOf(object);
      } catch (error) {
        complain(error, name);
        return [];
      }
    },
  ]);
  return Object.fromEntries(safe) as IndexFunctions<T, I>;
};
