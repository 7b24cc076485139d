/** Reading objects of others: whatever is not there or of another type is undefined, never an error. */

const member = (value: unknown, name: string | number): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string | number, unknown>>)[name]
    : undefined;

export const at = (value: unknown, ...path: readonly (string | number)[]): unknown => path.reduce(member, value);

/** An empty text says nothing, as in Go. */
export const textAt = (value: unknown, ...path: readonly (string | number)[]): string | undefined => {
  const found = at(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
};

export const numberAt = (value: unknown, ...path: readonly (string | number)[]): number | undefined => {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
};

export const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

export const textsAt = (value: unknown, ...path: readonly (string | number)[]): readonly string[] =>
  listAt(value, ...path).filter((item) => typeof item === "string");

/** Milliseconds since 1970. */
export const timeAt = (value: unknown, ...path: readonly (string | number)[]): number | undefined => {
  const time = Date.parse(textAt(value, ...path) ?? "");
  return Number.isNaN(time) ? undefined : time;
};

/** A condition of `status.conditions`; `of` is the generation it speaks of, where it says so. */
export interface SeenCondition {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly since: number | undefined;
  readonly of: number | undefined;
}

export const conditionOf = (object: unknown, type: string): SeenCondition | undefined => {
  const found = listAt(object, "status", "conditions").find((condition) => textAt(condition, "type") === type);
  const status = textAt(found, "status");
  if (status !== "True" && status !== "False" && status !== "Unknown") return undefined;
  return {
    status,
    reason: textAt(found, "reason") ?? "",
    message: (textAt(found, "message") ?? "").replace(/\s+/g, " ").trim(),
    since: timeAt(found, "lastTransitionTime"),
    of: numberAt(found, "observedGeneration"),
  };
};
