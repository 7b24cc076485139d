import { configuredCategories } from "../api/checks.ts";
import { requiredApprovals } from "../api/server.ts";
import type { ServerObject } from "./kinds.ts";
import { type Fleet, ofTier } from "./lookup.ts";
import { shownAs } from "./names.ts";
import { plural } from "./words.ts";

const names = (servers: readonly ServerObject[]): string => servers.map(shownAs).join(", ");

const checksOf = (servers: readonly ServerObject[]): string => {
  const counts = servers.map(({ spec }) => configuredCategories(spec.checks).length);
  return plural(Math.max(0, ...counts), "check");
};

const people = (count: number): string => (count === 1 ? "one person" : `${count} people`);

const approvalOf = (servers: readonly ServerObject[]): number =>
  Math.max(0, ...servers.map(({ spec }) => requiredApprovals(spec)));

/** What will happen to an update, in the order in which it will. */
export function planOf(version: string, fleet: Fleet): readonly string[] {
  const [alpha, staging, omega] = [ofTier(fleet, "alpha"), ofTier(fleet, "public"), ofTier(fleet, "omega")];
  const before = (servers: readonly ServerObject[]): string =>
    approvalOf(servers) === 0 ? "" : `, once ${people(approvalOf(servers))} approved it`;
  const fed = fleet.mainframes.filter(({ spec }) => omega.some(({ metadata }) => metadata.name === spec.omega));
  const waves = new Set(fed.map(({ spec }) => spec.wave)).size;
  const distribution =
    fed.length === 0
      ? ""
      : `, then distribute it to ${plural(fed.length, "Licensed Mainframe")} in ${plural(waves, "wave")}`;
  return [
    ...(alpha.length === 0
      ? []
      : [`Deliver ${version} to ${names(alpha)}${before(alpha)}, and verify it there (${checksOf(alpha)})`]),
    `Deliver ${version} to ${names(staging)}${before(staging)}`,
    `Verify it on ${names(staging)} (${checksOf(staging)})`,
    omega.length === 0
      ? "Wait for an OMEGA server: none is configured yet"
      : `APPROVAL REQUIRED: ${people(approvalOf(omega))} for ${names(omega)}`,
    omega.length === 0
      ? "Deliver it to OMEGA and verify it there"
      : `Deliver it to ${names(omega)} and verify it there (${checksOf(omega)})${distribution}`,
  ];
}
