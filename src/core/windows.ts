import type { ServerSpec } from "../api/server.ts";
import { DAYS, type Window } from "../api/window.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Longer than any window stays away, also one whose hour the clocks leave out this week. */
const AHEAD = 15 * DAY;

/** Whether deliveries may begin: at once, at a time, or not at all while a zone is not known. */
export type Opening =
  | { readonly state: "Open" }
  | { readonly state: "Shut"; readonly opensAt?: number }
  | { readonly state: "UnknownZone"; readonly timeZone: string };

/** Windows are read on the clocks on the wall: an hour that they leave out is not there, one that they show twice counts twice. */
export function openingOf(windows: ServerSpec["windows"], now: number): Opening {
  if (windows === undefined) return { state: "Open" };
  const unknown = windows.find(({ timeZone }) => zone(timeZone) === undefined);
  if (unknown !== undefined) return { state: "UnknownZone", timeZone: unknown.timeZone };
  const opensAt = Math.min(...windows.map((window) => firstIn(window, now)));
  if (opensAt === now) return { state: "Open" };
  return { state: "Shut", ...(Number.isFinite(opensAt) && { opensAt }) };
}

/** The first moment from `now` on that lies in the window. */
function firstIn(window: Window, now: number): number {
  for (let at = now; at < now + AHEAD; at += DAY) {
    const found = within(window, at, at + DAY);
    if (found !== undefined) return found;
  }
  return Number.POSITIVE_INFINITY;
}

/** While the clocks are not changed, local time is a sum; where they are, the parts before and after are looked at. */
function within(window: Window, begin: number, end: number): number | undefined {
  const offset = offsetAt(window.timeZone, begin);
  if (offset === offsetAt(window.timeZone, end - 1)) return unchanged(window, begin, end, offset);
  const change = firstAfterChange(window.timeZone, begin, end - 1);
  return unchanged(window, begin, change, offset) ?? within(window, change, end);
}

function unchanged({ days, from, to }: Window, begin: number, end: number, offset: number): number | undefined {
  const [low, high] = [begin + offset, end + offset];
  // The day before the first may reach into it.
  for (let day = Math.floor(low / DAY) - 1; day * DAY < high; day += 1) {
    if (days !== undefined && !days.some((name) => name === dayName(day))) continue;
    const start = day * DAY + minutes(from) * MINUTE;
    const length = (minutes(to) - minutes(from)) * MINUTE;
    const stop = start + (length > 0 ? length : length + DAY);
    const first = Math.max(start, low);
    if (first < stop && first < high) return first - offset;
  }
  return undefined;
}

/** Days are counted from 1 January 1970, which was a Thursday. */
const dayName = (day: number): (typeof DAYS)[number] | undefined => DAYS[(((day + 3) % 7) + 7) % 7];

const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** The first moment with the offset of `end`, where that of `begin` is another. */
function firstAfterChange(timeZone: string, begin: number, end: number): number {
  const before = offsetAt(timeZone, begin);
  let [low, high] = [begin, end];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(timeZone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** How far the clocks of the zone are ahead of UTC at that moment. */
function offsetAt(timeZone: string, at: number): number {
  const second = Math.floor(at / 1000) * 1000;
  const part = Object.fromEntries(
    (zone(timeZone)?.formatToParts(second) ?? []).map(({ type, value }) => [type, value]),
  );
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, seconds = 0] = PARTS.map((name) => Number(part[name]));
  return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
}

const PARTS = ["year", "month", "day", "hour", "minute", "second"] as const;

/** Making one is slow, and which zones there are does not change while the program runs. */
const zones = new Map<string, Intl.DateTimeFormat | undefined>();

function zone(timeZone: string): Intl.DateTimeFormat | undefined {
  if (!zones.has(timeZone)) zones.set(timeZone, formatFor(timeZone));
  return zones.get(timeZone);
}

function formatFor(timeZone: string): Intl.DateTimeFormat | undefined {
  const number = "numeric";
  try {
    return new Intl.DateTimeFormat("en", {
      timeZone,
      hourCycle: "h23",
      year: number,
      month: number,
      day: number,
      hour: number,
      minute: number,
      second: number,
    });
  } catch {
    return undefined;
  }
}
