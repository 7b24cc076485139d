import { type FromStage, SETUP } from "./messages.ts";
import type { Screen } from "./screen.ts";
import { wrap } from "./wrap.ts";

const WIDTH = Math.max(...SETUP.map((name) => name.length));

/** Counts the steps of a run: `[ 4/11] what  3.2 s  more about it`. */
export type Steps = (what: string, seconds?: number, note?: string) => void;

export function countSteps(screen: Screen, total: number): Steps {
  let done = 0;
  return (what, seconds, note) => {
    done += 1;
    screen.line(stepLine(screen, `[${String(done).padStart(2)}/${total}]`, what, seconds, note));
  };
}

/** The lines of the set-up: each step when it is done, and on the last line what is under way. */
export function setupLines(screen: Screen, step: Steps): (message: FromStage) => void {
  const underWay = new Map<string, string>();
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
        step(message.step, message.seconds, message.note);
        break;
      }
      case "ready":
      case "failed":
        break;
    }
    now();
  };
}

function stepLine({ paint, width }: Screen, head: string, what: string, seconds?: number, note = ""): string {
  const time = seconds === undefined ? "" : `${seconds.toFixed(1)} s`.padStart(8);
  const line = `${head} ${seconds === undefined ? what : what.padEnd(WIDTH)}${time}`;
  const fits = line.length + note.length + 2 <= width;
  if (note === "") return `${paint.good(head)} ${paint.bold(what)}${time}`;
  return `${paint.good(head)}${line.slice(head.length)}${
    fits
      ? `  ${paint.dim(note)}`
      : wrap(note, width, "        ")
          .map((part) => `\n${paint.dim(part)}`)
          .join("")
  }`;
}
