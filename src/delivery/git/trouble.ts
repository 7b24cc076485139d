import type { Refused, Trouble } from "../driver.ts";
import { GitRefusal } from "./refusal.ts";

/** The repository could not be asked, or not believed; asking again later may help. */
export class GitTrouble extends Error {
  override readonly name = "GitTrouble";
  readonly state: Trouble["state"];

  constructor(state: Trouble["state"], message: string) {
    super(message);
    this.state = state;
  }
}

/** Trouble and refusals are answers; everything else is thrown on. */
export const asAnswer = (error: unknown): Trouble | Refused => {
  if (error instanceof GitTrouble) return { state: error.state, message: error.message };
  if (!(error instanceof GitRefusal)) throw error;
  const { status, reason, message, sequence } = error;
  return { state: "Refused", status, reason, message, ...(sequence === undefined ? {} : { sequence }) };
};
