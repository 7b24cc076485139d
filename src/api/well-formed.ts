/** A JSON value without half characters, as a cut or an agent leaves them: they have no canonical form, and no API server keeps them. */
export const wellFormed = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_, part: unknown) => (typeof part === "string" ? part.toWellFormed() : part)) as T;
