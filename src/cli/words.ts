import type { Tier } from "../api/group.ts";
import type { Paint } from "./paint.ts";

/** The tiers as people call them. */
export const TIER_NAME: Readonly<Record<Tier, string>> = {
  alpha: "ALPHA",
  public: "Public",
  omega: "OMEGA",
  mainframes: "Mainframes",
};

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** How long ago, in the biggest unit that fits: `4m`. */
export function ago(time: string | undefined, now: number): string {
  const at = Date.parse(time ?? "");
  if (Number.isNaN(at)) return "-";
  const passed = Math.max(0, now - at);
  const [unit, ms] = UNITS.find(([, size]) => passed >= size) ?? ["s", 1000];
  return `${Math.floor(passed / ms)}${unit}`;
}

/** The colour a state has everywhere. */
export function paintState(paint: Paint, state: string): (text: string) => string {
  switch (state) {
    case "Passed":
    case "Completed":
      return paint.good;
    case "Held":
    case "Refused":
    case "Failed":
    case "RolledBack":
      return paint.bad;
    case "AwaitingApproval":
    case "Inconclusive":
    case "RollingBack":
      return paint.wait;
    default:
      return (text) => text;
  }
}
