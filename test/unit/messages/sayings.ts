/** By which names the source says something to people: whoever adds another one adds it here. */

/** Words such as `HookFailed`: phases, reasons and types are all written so. Gates are written small. */
export const CODE = /^[A-Z][A-Za-z]+$/;
/** Calls `f("Reason", "sentence")`. */
export const SAYING: readonly string[] = ["no", "notInForce", "refuse", "OrderFailure", "unasked"];
/** Calls that have a reason and a sentence among other things. */
export const REFUSING: readonly string[] = [
  "GitRefusal",
  "GitTrouble",
  "Refusal",
  "refused",
  "troubled",
  "trouble",
  "report",
];
/** Calls whose sentence is a part of one that is told. */
export const NAMING: readonly string[] = [
  "say",
  "malformed",
  "invalid",
  "gone",
  "mismatch",
  "Passing",
  "TrustMissing",
  "UnreadableObject",
  "badManifests",
  "ClusterRefused",
  "NotFetched",
  // What is not well, of an object and of whatever stays behind.
  "working",
  "failed",
  "left",
];
/** Functions whose every answer is a sentence, or a part of one. */
export const ANSWERING =
  /^(why[A-Z]\w*|objection|messageOf|completed|takenBack|wayOut|isElsewhere|overtakenMessage|unproven|accepted|annotate|privateKey|said|\w+Sentence)$/;
/** Where the name of a state is what people read as the reason. */
export const STATES_ARE_REASONS: readonly string[] = ["src/api/policies-live.ts", "src/delivery/"];
/** States that people read under another name. */
export const STATES_BECOME: Readonly<Record<string, string>> = { Old: "OldRevision", Healthy: "Applied" };
