import type { Face } from "./face.ts";
import type { Session } from "./session.ts";

/** The last lines of an answer. */
export function sayNext({ screen }: Pick<Session, "screen">, commands: readonly string[]): void {
  for (const [index, command] of commands.entries())
    screen.print(`${index === 0 ? "Next:" : "  or:"} ${screen.paint.bold(command)}`);
}

/** The same for what was not done. */
export function complainNext(face: Face, next: readonly string[]): void {
  for (const [index, command] of next.entries()) face.complain(`${index === 0 ? "Next:" : "  or:"} ${command}`);
}
