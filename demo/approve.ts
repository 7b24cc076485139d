import type { BlockedBy } from "../src/api/deployment.ts";
import { pressEnter } from "./enter.ts";
import type { Person, Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";
import { shellAs } from "./shell.ts";
import { showAside, showCommand } from "./shown.ts";

export interface Approving {
  /** What the status says blocks the update now; the same again changes nothing. */
  readonly asked: (gate: BlockedBy) => void;
  /** It moved on, whoever made it. */
  readonly over: () => void;
}

const APPROVERS = ["ann", "bob"] as const satisfies readonly Person[];

/** Shows the command the status prints, and runs exactly this: at once where nobody sits there, else after Enter or not at all. */
export function approving(screen: Screen, scene: Scene, fail: (error: unknown) => void): Approving {
  const { paint } = screen;
  let current: { readonly command: string; readonly end: AbortController } | undefined;
  let asked = 0;

  const refused = async (command: string): Promise<void> => {
    const { code, said } = await shellAs(scene, "author", command);
    if (code === 0)
      throw new Error("the author could approve without the right to: the admission policies are not in force");
    showAside(screen, "the author may not, and is told so:", paint.dim);
    showAside(screen, said.replace(/^.*denied request: /s, ""));
  };
  const ask = async ({ message, command = "", needed = 1 }: BlockedBy, signal: AbortSignal): Promise<void> => {
    // An approval that does not count leaves its person asked.
    const person = APPROVERS.at(-needed) ?? "ann";
    const first = asked === 0;
    asked += 1;
    showAside(screen, `${message}. The status says how:`, paint.wait);
    showCommand(screen, command);
    if (first) await refused(command);
    if (signal.aborted) return;
    if (screen.interactive) await pressEnter(screen, scene, person, { first: person === APPROVERS[0], signal });
    if (signal.aborted) return;
    screen.now(`${person} approves`);
    const { code, said } = await shellAs(scene, person, command);
    if (code !== 0) throw new Error(`the command that the status prints did not work for ${person}: ${said}`);
    showAside(screen, `${person} ran it: ${said}`, paint.dim);
  };
  const over = (): void => {
    // Here and not where the wait ends: the next question may already listen by then.
    if (screen.interactive) process.stdin.pause();
    current?.end.abort();
    current = undefined;
  };
  return {
    over,
    asked: (gate) => {
      if (gate.command === undefined || gate.command === current?.command) return;
      over();
      const end = new AbortController();
      current = { command: gate.command, end };
      ask(gate, end.signal).catch((error: unknown) => {
        if (!end.signal.aborted) fail(error);
      });
    },
  };
}
