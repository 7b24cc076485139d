import { isDeepStrictEqual } from "node:util";
import type { Raw } from "./kinds.ts";

/**
 * Whether somebody else changed an object: the status is the operator's own word, and being woken by it would ask everything
 * again after every sentence, also while failures are told.
 */
export const isNews = (now: Raw | undefined, before: Raw | undefined): boolean =>
  now === undefined || before === undefined || !isDeepStrictEqual(withoutStatus(now), withoutStatus(before));

/** The same for a target, whose claims are written by another reconcile than its conditions. */
export const isNewsOfTarget = (now: Raw | undefined, before: Raw | undefined): boolean =>
  isNews(now, before) || !isDeepStrictEqual(apps(now), apps(before));

const withoutStatus = ({ metadata, spec }: Raw): object => {
  const {
    resourceVersion: _,
    managedFields: __,
    ...stays
  } = metadata as Raw["metadata"] & { readonly managedFields?: unknown };
  return { metadata: stays, spec };
};

const apps = (raw: Raw | undefined): unknown => (raw?.status as { readonly apps?: unknown } | undefined)?.apps;
