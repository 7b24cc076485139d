import type { Person } from "./scene.ts";
import type { Screen } from "./screen.ts";
import { wrap, wrapCommand } from "./wrap.ts";

/** Where what people say and are told begins. */
export const ASIDE = "            ";

/** A command as it is run, and who runs it where that is known. */
export function showCommand({ line, width, paint }: Screen, command: string, who?: Person | "root"): void {
  const indent = who === undefined ? "  " : ASIDE;
  const [first = "", ...more] = wrapCommand(command, width, indent);
  line(`  ${who === undefined ? "" : `${paint.dim(who.padEnd(8))}  `}${paint.bold(first)}`);
  for (const one of more) line(paint.bold(one));
}

/** A sentence beside what happens, in lines of words. */
export function showAside({ line, width }: Screen, text: string, tone: (text: string) => string = (one) => one): void {
  for (const part of wrap(text, width, ASIDE)) line(tone(part));
}
