import { type FromStage, SETUP, STEPS } from "./messages.ts";
import type { Screen } from "./screen.ts";

const WIDTH = Math.max(...SETUP.map((name) => name.length));

/** The lines of the set-up: each step when it is done, and on the last line what is under way. */
export function setupLines(screen: Screen): (message: FromStage) => void {
  const underWay = new Map<string, string>();
  let done = 0;
  const now = (): void => {
    const [first] = underWay;
    if (first === undefined) screen.now(undefined);
    else screen.now(first[1] === "" ? [...underWay.keys()].join(", ") : first[1]);
  };
  return (message) => {
    switch (message.kind) {
      case "begun":
        underWay.set(message.step, "");
        break;
      case "goesOn":
        underWay.set(message.step, message.doing);
        break;
      case "done": {
        underWay.delete(message.step);
        done += 1;
        screen.line(stepLine(screen, done, message.step, message.seconds, message.note));
        break;
      }
      case "ready":
      case "failed":
        break;
    }
    now();
  };
}

/** `[ 4/11] what  3.2 s  more about it`. */
export function stepLine({ paint, width }: Screen, number: number, what: string, seconds?: number, note = ""): string {
  const head = `[${String(number).padStart(2)}/${STEPS}]`;
  const time = seconds === undefined ? "" : `${seconds.toFixed(1)} s`.padStart(8);
  const line = `${head} ${seconds === undefined ? what : what.padEnd(WIDTH)}${time}`;
  const fits = line.length + note.length + 2 <= width;
  if (note === "") return `${paint.good(head)} ${paint.bold(what)}${time}`;
  return `${paint.good(head)}${line.slice(head.length)}${fits ? `  ${paint.dim(note)}` : `\n        ${paint.dim(note)}`}`;
}
