import type { Baseline } from "../api/check-run.ts";
import type { Checks } from "../api/checks.ts";
import type { AddressRules } from "../dial/address-rules.ts";
import type { Trust } from "../dial/trust.ts";
import type { Asker } from "./ask.ts";
import { ledger, type Ledger, type Report } from "./ledger.ts";
import type { Trouble } from "./trouble.ts";
import type { World } from "./world.ts";

/** What is checked: one target that should run one version. */
export interface Subject {
  readonly url: string;
  readonly trust: Trust;
  readonly addresses: AddressRules;
  readonly version: string;
  /** Names of the modules the manifest lists, when it is known. */
  readonly modules?: readonly string[];
  /** Which of them report another version than the update. */
  readonly moduleVersions?: Readonly<Record<string, string>>;
  readonly checks: Checks;
  readonly baseline?: Baseline;
  /** The secret itself; it appears in no message. */
  readonly databaseUrl?: string;
}

export type Check = (subject: Subject, asker: Asker, world: World) => Promise<Report>;

/** An asked target that gave no answer: the target's trouble is a proof, the runner's is none. */
export const unanswered = (book: Ledger, claim: string, trouble: Trouble): Report => {
  if (trouble.at === "runner") return book.inconclusive(trouble.message);
  book.assert(claim, false, () => trouble.message.replace(/\.$/, ""));
  return book.close("");
};

/** A configured part that is missing is the operator's mistake, never a verdict about the target. */
export const notConfigured = (part: string): Report =>
  ledger().inconclusive(`checks.${part} is not configured on this Server, so there is nothing to check.`);
