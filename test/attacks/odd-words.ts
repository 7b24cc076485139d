import { annotated, type At, type Special } from "./special.ts";
import { APPROVAL, STAMP, TOKEN } from "./row.ts";

/** Keys that look like an action and are none, or that another eye would read as one. */
const KEYS: readonly (readonly [string, string, "Policy" | "Invalid" | "Accepted"])[] = [
  ["an unknown verb", "aprove.ashat.raos.io/omega", "Policy"],
  ["an unknown tier", "approve.ashat.raos.io/production", "Policy"],
  ["a tier in capitals", "approve.ashat.raos.io/OMEGA", "Policy"],
  ["a verb in capitals", "APPROVE.ashat.raos.io/omega", "Policy"],
  ["the group in capitals", "approve.ASHAT.RAOS.IO/omega", "Policy"],
  ["no tier", "approve.ashat.raos.io/by", "Policy"],
  ["a second verb", "approve.cancel.ashat.raos.io/omega", "Policy"],
  ["an empty slot", "approve.ashat.raos.io/omega.-", "Invalid"],
  ["a slot in capitals", "approve.ashat.raos.io/omega.A", "Policy"],
  ["a slot with an underscore", "approve.ashat.raos.io/omega.a_b", "Policy"],
  ["a slot of two parts", "approve.ashat.raos.io/omega.a.b", "Policy"],
  ["a slot that ends with a dash", "approve.ashat.raos.io/omega.a-", "Invalid"],
  ["a slot of 33", `approve.ashat.raos.io/omega.${"a".repeat(33)}`, "Policy"],
  ["a tier with a dash for its slot", "approve.ashat.raos.io/omega-2", "Policy"],
  ["a tier with a Cyrillic letter", "approve.ashat.raos.io/оmega", "Invalid"],
  ["a tier with a Greek capital", "approve.ashat.raos.io/Οmega", "Invalid"],
  ["a tier with a letter of no width", "approve.ashat.raos.io/ome\u200bga", "Invalid"],
  ["a verb in full-width letters", "ａpprove.ashat.raos.io/omega", "Invalid"],
  ["a dotless i in the group", "approve.ashat.raos.ıo/omega", "Invalid"],
  ["a percent code for a letter", "approve.ashat.raos.io/%6fmega", "Invalid"],
  ["a slash more", "approve.ashat.raos.io/omega/2", "Invalid"],
  ["a space after", "approve.ashat.raos.io/omega ", "Invalid"],
  ["a line after", "approve.ashat.raos.io/omega\n", "Invalid"],
  ["a stamp in capitals", "By.ashat.raos.io/approve.omega", "Policy"],
  ["a stamp below another name", "by.by.ashat.raos.io/approve.omega", "Policy"],
  ["an action of a neighbour's group", "approve.ashat.raos.io.example.com/omega", "Accepted"],
  ["an action without a group", "approve/omega", "Accepted"],
];

const VALUES: readonly (readonly [string, string, "Policy" | "Accepted"])[] = [
  ["no token", "", "Policy"],
  ["a space", " ", "Policy"],
  ["a space before the token", ` ${TOKEN}`, "Policy"],
  ["a token with a sign", `${TOKEN}!`, "Policy"],
  ["a token of 65", "a".repeat(65), "Policy"],
  ["a token with a line after it", `${TOKEN}\nby: ann`, "Policy"],
  ["a token with a line end", `${TOKEN}\n`, "Accepted"],
  ["a reason of two lines", `${TOKEN} one\ntwo`, "Policy"],
  ["a reason with a bell", `${TOKEN} \u0007`, "Policy"],
  ["a reason that colours a terminal", `${TOKEN} \u001b[2K approved by ann`, "Policy"],
  ["a reason with the one-byte form of it", `${TOKEN} \u009b2K approved by ann`, "Policy"],
  ["a reason that is read backwards", `${TOKEN} \u202enna yb devorppa`, "Policy"],
  ["a reason inside an isolate", `${TOKEN} \u2066approved\u2069`, "Policy"],
  ["a reason with a line separator", `${TOKEN} one\u2028two`, "Policy"],
  ["a reason of 513", `${TOKEN} ${"a".repeat(513)}`, "Policy"],
  ["a reason of 512", `${TOKEN} ${"a".repeat(512)}`, "Accepted"],
  ["a reason in any language", `${TOKEN} проверено, 確認済み, geprüft`, "Accepted"],
];

const refusedKeys = KEYS.map(([what, key, decision]): Special => ({
  name: `an action key with ${what}`,
  who: "approver-omega",
  ask: annotated({ [key]: TOKEN }),
  decision,
  ...(decision === "Policy" && { says: "unknown action" }),
}));
const values = VALUES.map(([what, value, decision]): Special => ({
  name: `an approval with ${what}`,
  who: "approver-omega",
  ask: annotated({ [APPROVAL]: value }),
  decision,
  ...(decision === "Policy"
    ? { says: "must be '<token> [reason]' in one line" }
    : { after: ({ users }: At) => ({ [APPROVAL]: value, [STAMP]: users["approver-omega"] }) }),
}));

/** Keys and values of one approval each, by who may approve. */
export const ODD_WORDS: readonly Special[] = [...refusedKeys, ...values];
