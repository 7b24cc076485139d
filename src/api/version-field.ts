import { z } from "zod";
import { rules } from "./rule.ts";
import { isVersion, SEMVER_PATTERN } from "./version.ts";

export const versionField = (description: string) =>
  rules(z.string().min(1).max(64).describe(description), [
    {
      cel: `self.matches('${SEMVER_PATTERN}')`,
      message: "version must be SemVer, such as 9.4.2 or v9.4.2-rc.1: the order of updates is decided by it",
      holds: isVersion,
    },
  ]);
