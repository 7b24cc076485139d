import { InvalidArgumentError, Option } from "commander";
import { TIERS } from "../api/group.ts";
import { OUTPUTS } from "./output.ts";

/** Options that several commands share, each in one form. */

export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    return value;
  };

export const tierOption = (says: string): Option => new Option("--tier <tier>", says).choices([...TIERS]);

export const outputOption = (): Option =>
  new Option("-o, --output <format>", "for a machine: the objects as they are stored").choices([...OUTPUTS]);

export const reasonOption = (): Option => new Option("--reason <text>", "why; it stands in the record");

/** Without a default one waits until it has ended. */
export const timeoutOption = (seconds?: number): Option =>
  new Option("--timeout <seconds>", "how long to wait at most").argParser(whole(1, 86_400)).default(seconds);
