import { rightRefusal, STAMP_REFUSAL } from "./action-policies.ts";
import { actionKey, AUTHOR_KEY, stampKey } from "./actions.ts";
import { OPERATOR_ACCOUNT } from "./group.ts";
import { restoreCommand, type Stamps } from "./policies-live.ts";

/**
 * What the operator, who may not approve, asks to create: an update that somebody else made and approved. With stamps of
 * the API server's, the forged ones are replaced before the right is looked at; so that the right is what is missing
 * proves both policies at once.
 */
export const forgedUpdate = (stamps: Stamps) => {
  const who = stamps === "ApiServer" ? "somebody-else" : OPERATOR_ACCOUNT;
  return {
    annotations: {
      [actionKey("approve", "omega")]: "0000000000000000",
      [stampKey("approve", "omega")]: who,
      [AUTHOR_KEY]: who,
    },
    spec: {
      version: "0.0.0",
      description: "A forged approval, sent as a dry run: the admission policies must refuse it.",
      artifact: { archive: { url: "https://forgery.invalid/forgery.tgz", sha256: "0".repeat(64) } },
    },
  };
};

const OURS = "'ashat-actions' with binding 'ashat-actions' denied request: ";
const right = rightRefusal("approve", "omega");

/** What the refusal of the forged update leaves unproven; nothing when it is the one that proves the policies. */
export function unproven(refusal: string, stamps: Stamps): string | undefined {
  if (refusal.includes(`${OURS}${OPERATOR_ACCOUNT} ${right}`)) return undefined;
  if (refusal.includes(`${OURS}${STAMP_REFUSAL}`) && stamps === "ApiServer")
    return (
      "MutatingAdmissionPolicy/ashat-stamps is not enforced (a forged stamp was not replaced); after a few seconds this clears by itself, " +
      `otherwise a cluster administrator looks at --disable-admission-plugins of the API server and runs: ${restoreCommand(stamps)}`
    );
  if (refusal.includes(OURS))
    return `the operator does not run as ${OPERATOR_ACCOUNT}, which alone may write status and records: give its pod that service account (${refusal})`;
  return (
    "a forged approval in a dry run was refused, but not by ValidatingAdmissionPolicy/ashat-actions, so nothing is proven; " +
    `let ${OPERATOR_ACCOUNT} past what refused it: ${refusal}`
  );
}
