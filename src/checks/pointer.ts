import { isDeepStrictEqual } from "node:util";
import type { Expectation } from "../api/checks.ts";
import type { Ledger } from "./ledger.ts";
import { quoted } from "./words.ts";

/** The value a JSON pointer (RFC 6901) leads to; own members only, so that no pointer finds what the answer did not say. */
export const valueAt = (document: unknown, pointer: string): { readonly found: boolean; readonly value?: unknown } => {
  let value = document;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key)) return { found: false };
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return { found: false };
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return { found: true, value };
};

/** `wanted` is JSON, or a plain string without its quotes. */
export const equalsJson = (value: unknown, wanted: string): boolean => {
  if (value === wanted) return true;
  try {
    return isDeepStrictEqual(value, JSON.parse(wanted));
  } catch {
    return false;
  }
};

/** Asserts every expectation on a body that should be JSON. */
export const expectJson = (
  book: Ledger,
  what: string,
  body: string,
  cut: boolean,
  expectations: readonly Expectation[],
): void => {
  if (expectations.length === 0) return;
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    const found = cut ? "the answer is longer than 64 KiB" : `the answer is ${quoted(body, 60)}`;
    book.assert(`${what} answers JSON`, false, () => `${what} does not answer JSON: ${found}`);
    return;
  }
  for (const { pointer, equals } of expectations) {
    const { found, value } = valueAt(document, pointer);
    const place = pointer === "" ? "the answer" : pointer;
    book.assert(`${what}: ${place} is ${quoted(equals)}`, found && equalsJson(value, equals), () =>
      found
        ? `${what} says ${quoted(JSON.stringify(value) ?? "nothing")} at ${place} instead of ${quoted(equals)}`
        : `${what} has nothing at ${place}, where ${quoted(equals)} was expected`,
    );
  }
};
