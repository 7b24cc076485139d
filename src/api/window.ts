import { z } from "zod";

export const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
export type Day = (typeof DAYS)[number];

const clock = (description: string) =>
  z
    .string()
    .length(5)
    .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/)
    .describe(description);

/** A part of the week, read on a clock that hangs on a wall in `timeZone`. */
export const Window = z.object({
  days: z
    .array(z.enum(DAYS).describe("A day of the week."))
    .min(1)
    .max(7)
    .optional()
    .describe("The days on which it begins; every day where this is absent."),
  from: clock("When it begins, e.g. 22:00."),
  to: clock("When it ends, e.g. 04:00: on the next day where that is not after `from`."),
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_+/-]+$/)
    .default("UTC")
    .describe("IANA name of the time zone, e.g. Europe/Berlin; one that is not known keeps the window shut."),
});
export type Window = z.output<typeof Window>;
