const digits = /^[1-9]\d*$/;

/** Compares two resourceVersions; undefined when they are not the decimal numbers that Kubernetes serves, so that nobody knows. */
export const compareVersions = (a: string, b: string): number | undefined => {
  if (a === b) return 0;
  if (!digits.test(a) || !digits.test(b)) return undefined;
  // Decimal strings without leading zeros: the longer one is greater.
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
};

/** Certainly older. */
export const older = (a: string, b: string | undefined): boolean => b !== undefined && (compareVersions(a, b) ?? 0) < 0;
