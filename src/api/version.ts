import semver from "semver";

const NUMBER = "(0|[1-9][0-9]{0,14})";
const PRERELEASE = "(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
const BUILD = "[0-9A-Za-z-]+";

/** SemVer 2.0 with an optional leading `v`, without a backslash: the same text stands in a CEL string, read by RE2. */
export const SEMVER_PATTERN = `^v?${NUMBER}[.]${NUMBER}[.]${NUMBER}(-${PRERELEASE}([.]${PRERELEASE})*)?([+]${BUILD}([.]${BUILD})*)?$`;

const SEMVER = new RegExp(SEMVER_PATTERN);

export const isVersion = (text: string): boolean => SEMVER.test(text) && semver.valid(text) !== null;

/** Order by SemVer precedence (build metadata ignored); negative when `a` comes before `b`. */
export const compareVersions = (a: string, b: string): number => semver.compare(a, b);
