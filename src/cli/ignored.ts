import type { Update } from "./kinds.ts";

/** What the operator answers to this very action where it does nothing. */
export function ignoredBecause({ status }: Update, key: string): string | undefined {
  const answers =
    status?.conditions?.find(({ type, status: is }) => type === "ActionIgnored" && is === "True")?.message ?? "";
  const [, own] = `; ${answers}`.split(`; ${key} `);
  return own === undefined ? undefined : `${key} ${own}`;
}
