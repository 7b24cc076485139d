import type { z } from "zod";

/** One rule in both languages: CEL for the API server, `holds` for zod. A conformance test gives both the same examples. */
export interface Rule<T> {
  readonly cel: string;
  readonly message: string;
  readonly holds: (value: T) => boolean;
}

/** A rule about a change; only the API server sees the old value, so it has no counterpart in zod. */
export interface Transition {
  readonly cel: string;
  readonly message: string;
}

export function rules<S extends z.ZodType>(
  schema: S,
  list: readonly Rule<z.output<S>>[],
  transitions: readonly Transition[] = [],
): S {
  const refined = list.reduce<S>((sofar, rule) => sofar.refine(rule.holds, { message: rule.message }), schema);
  return refined.meta({
    "x-kubernetes-validations": [...list, ...transitions].map(({ cel, message }) => ({ rule: cel, message })),
  });
}
