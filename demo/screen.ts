import { type Paint, paintFor } from "./paint.ts";

/** The screen: finished lines, and on a terminal one live line below them. */
export interface Screen {
  readonly paint: Paint;
  readonly width: number;
  readonly interactive: boolean;
  readonly line: (text?: string) => void;
  /** What goes on now. On a terminal it is the last line; elsewhere it is printed when it has gone on for some seconds. */
  readonly now: (text: string | undefined) => void;
  /** Somebody pressed Enter, which has moved the last line up. */
  readonly entered: () => void;
  readonly end: () => void;
}

const WIDEST = 100;
const NARROWEST = 60;
const TICK_MS = 250;
/** Elsewhere than on a terminal a sign of life is a line, so it comes seldom. */
const SIGN_OF_LIFE_MS = 10_000;

const fit = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

export function openScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  const interactive = out.isTTY && process.stdin.isTTY;
  const paint = paintFor(out, process.env);
  // A terminal that does not know how wide it is says 0.
  const width = out.isTTY && out.columns > 0 ? Math.min(WIDEST, Math.max(NARROWEST, out.columns)) : WIDEST;
  let live: { readonly text: string; readonly since: number; told: number } | undefined;

  const erase = (): void => {
    if (out.isTTY) out.write("\r\u001b[K");
  };
  const draw = (): void => {
    if (live === undefined) return;
    const seconds = (performance.now() - live.since) / 1000;
    const text = fit(`        … ${live.text} (${seconds.toFixed(0)} s)`, width - 1);
    if (out.isTTY) out.write(`\r\u001b[K${paint.dim(text)}`);
    else if (performance.now() - live.told >= SIGN_OF_LIFE_MS) {
      live.told = performance.now();
      out.write(`${text}\n`);
    }
  };
  const tick = setInterval(draw, TICK_MS);
  tick.unref();
  return {
    paint,
    width,
    interactive,
    line: (text = "") => {
      erase();
      out.write(`${text}\n`);
      draw();
    },
    now: (text) => {
      if (text === undefined) {
        erase();
        live = undefined;
      } else {
        const same = live?.text.split(";")[0] === text.split(";")[0];
        live = {
          text,
          since: same && live ? live.since : performance.now(),
          told: same && live ? live.told : performance.now(),
        };
        draw();
      }
    },
    entered: () => {
      if (out.isTTY) out.write("\u001b[1A");
      erase();
    },
    end: () => {
      clearInterval(tick);
      erase();
      live = undefined;
    },
  };
}
