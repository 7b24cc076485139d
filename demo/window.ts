import { DAYS, type Window } from "../src/api/window.ts";

const TWO_DAYS = 2 * 86_400_000;

/** A maintenance window that is shut whenever the demo is run: the night of the day after tomorrow. */
export function closedNow(): Window {
  const day = DAYS[(new Date(Date.now() + TWO_DAYS).getUTCDay() + 6) % 7] ?? "Sun";
  return { days: [day], from: "22:00", to: "23:00", timeZone: "UTC" };
}
