import type { DeploymentStatus, VoidedToken } from "../api/deployment.ts";
import type { Tier } from "../api/group.ts";
import type { TierToken } from "./token.ts";

/** Remembers what voided a token, so that an approval that names it can be answered with the reason. */
export function voidedTokens(
  before: DeploymentStatus,
  tier: Tier | undefined,
  token: TierToken | undefined,
): readonly VoidedToken[] {
  if (token === undefined || before.tier !== tier) return [];
  const old = before.token;
  const kept = before.voided ?? [];
  if (old === undefined || old.value === token.value) return kept;
  const parts = (["record", "targets", "quarantine", "policies"] as const).filter(
    (part) => old.parts[part] !== token.parts[part],
  );
  return [{ token: old.value, by: parts.join(" and ") }, ...kept].slice(0, 5);
}
