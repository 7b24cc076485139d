import { describe, expect, test } from "vitest";
import { Window } from "../api/window.ts";
import { openingOf } from "./windows.ts";

/** What the windows say at a moment: open, or when they open. */
const at = (now: string, ...windows: readonly Partial<Window>[]): string => {
  const opening = openingOf(
    windows.map((window) => Window.parse(window)),
    Date.parse(now),
  );
  if (opening.state === "UnknownZone") return `unknown ${opening.timeZone}`;
  if (opening.state === "Open") return "open";
  return opening.opensAt === undefined ? "shut" : new Date(opening.opensAt).toISOString();
};

test("a server without windows is open at any time", () => {
  expect(openingOf(undefined, 0)).toEqual({ state: "Open" });
});

describe("windows in UTC", () => {
  const night = { from: "22:00", to: "04:00" };
  test("the first minute is in it, the last is not", () => {
    expect(at("2030-01-01T09:59:59.999Z", { from: "10:00", to: "12:00" })).toBe("2030-01-01T10:00:00.000Z");
    expect(at("2030-01-01T10:00:00.000Z", { from: "10:00", to: "12:00" })).toBe("open");
    expect(at("2030-01-01T11:59:59.999Z", { from: "10:00", to: "12:00" })).toBe("open");
    expect(at("2030-01-01T12:00:00.000Z", { from: "10:00", to: "12:00" })).toBe("2030-01-02T10:00:00.000Z");
  });

  test("one that ends before it begins goes over midnight", () => {
    expect(at("2030-01-01T23:30:00Z", night)).toBe("open");
    expect(at("2030-01-02T03:59:00Z", night)).toBe("open");
    expect(at("2030-01-02T04:00:00Z", night)).toBe("2030-01-02T22:00:00.000Z");
  });

  test("one that ends when it begins is the whole day", () => {
    expect(at("2030-01-01T09:59:00Z", { from: "10:00", to: "10:00" })).toBe("open");
    expect(at("2030-01-02T09:59:00Z", { days: ["Tue"], from: "10:00", to: "10:00" })).toBe("open");
    expect(at("2030-01-02T10:00:00Z", { days: ["Tue"], from: "10:00", to: "10:00" })).toBe("2030-01-08T10:00:00.000Z");
  });

  test("its day is the one on which it begins", () => {
    // 1 January 2030 is a Tuesday.
    expect(at("2030-01-01T12:00:00Z", { days: ["Sat", "Sun"], ...night })).toBe("2030-01-05T22:00:00.000Z");
    expect(at("2030-01-07T03:00:00Z", { days: ["Sun"], ...night })).toBe("open");
    expect(at("2030-01-06T03:00:00Z", { days: ["Sun"], ...night })).toBe("2030-01-06T22:00:00.000Z");
  });

  test("of several the next one counts", () => {
    expect(
      at(
        "2030-01-01T12:00:00Z",
        { days: ["Thu"], from: "10:00", to: "11:00" },
        { days: ["Wed"], from: "10:00", to: "11:00" },
      ),
    ).toBe("2030-01-02T10:00:00.000Z");
  });
});

const berlin = (from: string, to: string) => ({ from, to, timeZone: "Europe/Berlin" });
const newYork = (from: string, to: string) => ({ from, to, timeZone: "America/New_York" });

describe("windows where the clocks change", () => {
  test("the same hour of the clock is another one of UTC in summer", () => {
    expect(at("2030-01-15T00:00:00Z", berlin("10:00", "11:00"))).toBe("2030-01-15T09:00:00.000Z");
    expect(at("2030-07-15T00:00:00Z", berlin("10:00", "11:00"))).toBe("2030-07-15T08:00:00.000Z");
  });

  test("looked at before the night of the change, it opens by the clock of the day after", () => {
    // In Berlin the clocks go forward on 31 March 2030 at 01:00 UTC and back on 27 October 2030 at 01:00 UTC.
    expect(at("2030-03-30T12:00:00Z", berlin("10:00", "11:00"))).toBe("2030-03-31T08:00:00.000Z");
    expect(at("2030-10-26T12:00:00Z", berlin("10:00", "11:00"))).toBe("2030-10-27T09:00:00.000Z");
  });

  test("an hour that the clocks leave out is not there; what reaches beyond it begins after it", () => {
    expect(at("2030-03-31T00:30:00Z", berlin("02:15", "02:45"))).toBe("2030-04-01T00:15:00.000Z");
    expect(at("2030-03-31T00:30:00Z", { ...berlin("02:15", "02:45"), days: ["Sun"] })).toBe("2030-04-07T00:15:00.000Z");
    expect(at("2030-03-31T00:30:00Z", berlin("02:15", "04:00"))).toBe("2030-03-31T01:00:00.000Z");
    expect(at("2030-03-31T00:59:59Z", berlin("01:00", "04:00"))).toBe("open");
    expect(at("2030-03-31T02:00:00Z", berlin("01:00", "04:00"))).toBe("2030-03-31T23:00:00.000Z");
  });

  test("an hour that the clocks show twice is there twice", () => {
    // In New York the clocks go back on 3 November 2030 at 06:00 UTC, from 02:00 to 01:00.
    const half = newYork("01:15", "01:30");
    expect(at("2030-11-03T04:00:00Z", half)).toBe("2030-11-03T05:15:00.000Z");
    expect(at("2030-11-03T05:30:00Z", half)).toBe("2030-11-03T06:15:00.000Z");
    expect(at("2030-11-03T06:30:00Z", half)).toBe("2030-11-04T06:15:00.000Z");
    expect(at("2030-11-03T05:45:00Z", newYork("00:30", "01:30"))).toBe("2030-11-03T06:00:00.000Z");
  });

  test("a zone of half hours, and one whose clocks go by half an hour", () => {
    expect(at("2030-01-01T00:00:00Z", { from: "10:00", to: "11:00", timeZone: "Asia/Kolkata" })).toBe(
      "2030-01-01T04:30:00.000Z",
    );
    // Lord Howe Island goes from +10:30 to +11:00 on 6 October 2030 at 15:30 UTC of the day before.
    expect(at("2030-10-05T15:00:00Z", { from: "02:10", to: "03:00", timeZone: "Australia/Lord_Howe" })).toBe(
      "2030-10-05T15:30:00.000Z",
    );
  });

  test("minute by minute through both nights it is open when the clock on the wall shows it", () => {
    for (const [timeZone, first] of [
      ["Europe/Berlin", "2030-03-30T20:00:00Z"],
      ["Europe/Berlin", "2030-10-26T20:00:00Z"],
      ["America/New_York", "2030-11-03T00:00:00Z"],
    ] as const) {
      const wall = new Intl.DateTimeFormat("en", { timeZone, hourCycle: "h23", hour: "2-digit", minute: "2-digit" });
      const open: number[] = [];
      for (let minute = 0; minute < 600; minute += 1) {
        const now = Date.parse(first) + minute * 60_000;
        const shown = wall.format(now);
        const expected = shown >= "01:20" && shown < "02:40";
        expect([shown, at(new Date(now).toISOString(), { from: "01:20", to: "02:40", timeZone }) === "open"]).toEqual([
          shown,
          expected,
        ]);
        if (expected) open.push(now);
      }
      const next = open[0] ?? 0;
      expect(at(first, { from: "01:20", to: "02:40", timeZone })).toBe(new Date(next).toISOString());
    }
  });
});

test("a zone that is not known keeps it shut, also beside one that is", () => {
  expect(
    at(
      "2030-01-01T10:30:00Z",
      { from: "10:00", to: "11:00" },
      { from: "10:00", to: "11:00", timeZone: "Mars/Olympus" },
    ),
  ).toBe("unknown Mars/Olympus");
});
