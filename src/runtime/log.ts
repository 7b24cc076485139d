import { pino } from "pino";
import type { DestinationStream } from "pino";

/** What the machine says about itself: a constant sentence, with the particulars as fields. */
export type Say = (fields: object, sentence: string) => void;
export type Log = { readonly debug: Say; readonly info: Say; readonly warn: Say; readonly error: Say };
export type Level = "debug" | "info" | "warn" | "error" | "silent";

const SECRET =
  /^(authorization|proxy-authorization|cookie|set-cookie|token|.*[-_]?token|password|passwd|secret|private[-_]?key|key-data)$/i;
const DEEPEST = 8;

/** Fields named like a secret lose their value at any depth; errors are left to the serializer. */
const redacted = (value: unknown, depth: number): unknown => {
  if (typeof value !== "object" || value === null || depth >= DEEPEST) return value;
  if (Array.isArray(value)) return value.map((part) => redacted(part, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, SECRET.test(name) ? "[redacted]" : redacted(part, depth + 1)]),
  );
};

/** One JSON line per statement, to stdout unless told otherwise. */
export const createLog = (level: Level, destination?: DestinationStream): Log => {
  const options = {
    level,
    base: null,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redacted(fields, 0) as Record<string, unknown>,
    },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    debug: (fields, sentence) => logger.debug(fields, sentence),
    info: (fields, sentence) => logger.info(fields, sentence),
    warn: (fields, sentence) => logger.warn(fields, sentence),
    error: (fields, sentence) => logger.error(fields, sentence),
  };
};
