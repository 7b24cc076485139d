import type { Face } from "./face.ts";
import type { Session } from "./session.ts";

/** The last line of an answer. */
export function sayNext({ screen }: Pick<Session, "screen">, command: string | undefined): void {
  if (command !== undefined) screen.print(`Next: ${screen.paint.bold(command)}`);
}

/** The same for what was not done. */
export function complainNext(face: Face, next: readonly string[]): void {
  for (const [index, command] of next.entries()) face.complain(`${index === 0 ? "Next:" : "  or:"} ${command}`);
}
