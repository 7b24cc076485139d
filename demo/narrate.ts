import type { RecordSpec } from "../src/api/record.ts";
import type { State } from "../src/api/states.ts";
import type { Screen } from "./screen.ts";
import type { Place } from "./scene.ts";
import { wrap } from "./wrap.ts";

const TIER = { alpha: "ALPHA", public: "Public", omega: "OMEGA", mainframes: "mainframes" } as const;

const checksOf = ({ evidence = [] }: RecordSpec): string => {
  const passed = evidence.filter(({ verdict }) => verdict === "Passed").length;
  return evidence.length === 0 ? "" : `${passed}/${evidence.length} checks passed`;
};

/** One line per record: when, where, what. */
export function narrate(screen: Screen, record: RecordSpec, begun: number, places: readonly Place[]): void {
  const { paint } = screen;
  const seconds = `+${Math.max(0, (Date.parse(record.time) - begun) / 1000).toFixed(1)}`.padStart(6);
  const where = (record.tier === undefined ? "" : TIER[record.tier]).padEnd(10);
  const names = (record.targets ?? [])
    .map(({ name }) => places.find((place) => place.name === name)?.title ?? name)
    .join(", ");
  const what = sentence(record, names);
  const [first = "", ...more] = wrap(what, screen.width - INDENT);
  screen.line(`  ${paint.dim(`${seconds} s`)}  ${where}  ${tone(record, paint)(first)}`);
  for (const line of more) screen.line(`${" ".repeat(INDENT)}${tone(record, paint)(line)}`);
}

/** Where the sentence of a line begins. */
const INDENT = 24;

const GOOD: readonly State[] = ["Passed", "RolledBack"];
const BAD: readonly State[] = ["Held", "Cancelled", "Superseded", "Refused", "Deleted"];

const tone = ({ to }: RecordSpec, { good, bad }: Screen["paint"]): ((text: string) => string) =>
  GOOD.includes(to) ? good : BAD.includes(to) ? bad : (text) => text;

function sentence(record: RecordSpec, names: string): string {
  switch (record.to) {
    case "Waiting":
      return `created by ${record.actor.name}: ${record.message}`;
    case "Delivering":
      if (record.from === "Passed") return record.message;
      return `${record.approvals === undefined ? "" : `approved by ${record.actor.name}: `}${record.version} goes to ${names}`;
    case "Verifying":
      return record.from === "Delivering" ? `${names} applied it; verifying` : record.message;
    case "Passed":
      return names === "" ? record.message : `${names} passed: ${checksOf(record)}`;
    case "RollingBack":
    case "RolledBack":
      return record.message;
    case "Held":
    case "Cancelled":
    case "Superseded":
    case "Refused":
    case "Deleted":
      return `${record.to}: ${record.message}`;
    default:
      return record.to;
  }
}
