import { compareVersions } from "../api/version.ts";
import type { ServerObject, Update } from "./kinds.ts";
import { shownAs } from "./names.ts";
import { No } from "./no.ts";

/** The servers that would end an older update at once, because they run something newer of its app. */
const newerThan = (
  app: string,
  version: string,
  servers: readonly ServerObject[],
): readonly { readonly server: ServerObject; readonly runs: string }[] =>
  servers.flatMap((server) =>
    (server.status?.apps ?? []).flatMap((state) =>
      state.app === app && state.version !== undefined && compareVersions(state.version, version) > 0
        ? [{ server, runs: state.version }]
        : [],
    ),
  );

/** The operator would end it at once, so it is not made. */
export function refuseOlder(
  { app, version }: { readonly app: string; readonly version: string },
  servers: readonly ServerObject[],
  anyway: string,
): void {
  const newer = newerThan(app, version, servers).map(({ server, runs }) => `${shownAs(server)} runs ${runs}`);
  if (newer.length > 0)
    throw new No(
      `${version} is older than what runs: ${newer.join(", ")}. It would end as Superseded, so nothing was pushed; --allow-older lets it replace a newer version.`,
      { next: [anyway] },
    );
}

/** What waits for approvals and gives way to a newer update as soon as that one has come as far. */
export function replacedBy(
  { app, version }: { readonly app: string; readonly version: string },
  updates: readonly Update[],
  servers: readonly ServerObject[],
): readonly string[] {
  return updates
    .filter(
      ({ spec, status }) =>
        spec.app === app &&
        compareVersions(spec.version, version) < 0 &&
        status?.blockedBy?.some(({ gate }) => gate === "approvals") === true &&
        !inOrder(servers, status.tier),
    )
    .map(
      (update) =>
        `It replaces ${shownAs(update)} (${update.spec.version}), which has ${(update.status?.approval ?? "0").replace("/", " of ")} approvals: where it comes as far, that one ends.`,
    );
}

/** Mainframes take what their OMEGA servers take, in the order in which those do. */
const inOrder = (servers: readonly ServerObject[], tier: string | undefined): boolean =>
  servers.some(
    ({ spec }) => spec.tier.toLowerCase() === (tier === "mainframes" ? "omega" : tier) && spec.queue === "Ordered",
  );
