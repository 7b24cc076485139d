import semver from "semver";
import { compareVersions } from "../api/version.ts";
import type { Target, Update } from "./kinds.ts";

/** The next patch above everything known of this app: what targets run, and what is on its way to them. None where nothing is known. */
export function nextVersion(app: string, targets: readonly Target[], updates: readonly Update[]): string | undefined {
  const running = targets.flatMap(({ status }) =>
    (status?.apps ?? []).flatMap((state) => (state.app === app && state.version !== undefined ? [state.version] : [])),
  );
  const coming = updates.flatMap(({ spec }) => (spec.app === app ? [spec.version] : []));
  const highest = [...running, ...coming].sort(compareVersions).at(-1);
  return highest === undefined ? undefined : (semver.inc(highest, "patch") ?? undefined);
}
