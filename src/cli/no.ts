import { EXIT } from "./exit.ts";

/** Something that was asked and is not done: the headline, then why, then the exact next commands. */
export class No extends Error {
  override readonly name = "No";
  readonly next: readonly string[];
  readonly code: number;

  constructor(
    message: string,
    { next = [], code = EXIT.no }: { readonly next?: readonly string[]; readonly code?: number } = {},
  ) {
    super(message);
    this.next = next;
    this.code = code;
  }
}

/** The command itself is wrong: nothing was asked of the cluster. */
export const usage = (message: string, ...next: readonly string[]): No => new No(message, { next, code: EXIT.usage });
