/** Gives equal values the same small number, so that a state of the model is a short list of numbers. */
export class Intern<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];
  readonly #keyOf: (value: T) => string;

  /** `first` gets number 0. */
  constructor(first: T, keyOf: (value: T) => string = (value) => JSON.stringify(value)) {
    this.#keyOf = keyOf;
    this.id(first);
  }

  id(value: T): number {
    const key = this.#keyOf(value);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#values.length;
    this.#ids.set(key, id);
    this.#values.push(value);
    return id;
  }

  get(id: number): T {
    const value = this.#values[id];
    if (value === undefined) throw new Error(`nothing was ever interned as ${id}`);
    return value;
  }

  get size(): number {
    return this.#values.length;
  }
}
