import semver from "semver";

/** SemVer 2.0 with an optional leading `v`; RE2-compatible, because the same text stands in a CEL rule. */
export const SEMVER_PATTERN =
  "^v?(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$";

const SEMVER = new RegExp(SEMVER_PATTERN);

export const isVersion = (text: string): boolean => SEMVER.test(text) && semver.valid(text) !== null;

/** Order by SemVer precedence (build metadata ignored); negative when `a` comes before `b`. */
export const compareVersions = (a: string, b: string): number => semver.compare(a, b);
