import { RIGHTS, type Verb, WRITES_STATUS_AND_RECORDS } from "./rights.ts";
import {
  APPROVAL,
  AUTHOR,
  type Change,
  type Expected,
  keyOf,
  type Row,
  STAMP,
  stampOf,
  type Stamps,
  TOKEN,
  type Way,
} from "./row.ts";

const VERBS: Readonly<Record<Way, readonly Verb[]>> = {
  create: ["create"],
  put: ["update"],
  "json-patch": ["patch"],
  "merge-patch": ["patch"],
  "strategic-patch": ["patch"],
  apply: ["patch"],
  "forced-apply": ["patch"],
  delete: ["delete"],
  deletecollection: ["deletecollection"],
};

type Annotations = Readonly<Record<string, string>>;

/** What our group's annotations are before the request. */
export const before = ({ on, way }: Row, users: Users): Annotations => {
  if (on.kind !== "deployments" || way === "create") return {};
  return {
    [AUTHOR]: users.author,
    ...(on.part === "object" && on.approved && { [APPROVAL]: TOKEN, [STAMP]: users["approver-omega"] }),
  };
};

/** The name by which the API server knows each of them. */
export type Users = Readonly<Record<Row["who"], string>>;

/** What must happen, from the table of rights and the seven rules below; nothing of the product is asked. */
export function expected(row: Row, stamps: Stamps, users: Users): Expected {
  const { who, way, on, changes, dryRun } = row;
  const refused = (decision: Expected["decision"]): Expected => ({
    decision,
    world: way === "create" ? "gone" : "same",
  });
  const rights = RIGHTS[who];
  const may = on.part === "status" ? (rights.status ?? []) : (rights.writes[on.kind] ?? []);
  // 1. Without the right of the roles nothing else is looked at.
  if (!VERBS[way].every((verb) => may.includes(verb))) return refused("NoRight");
  if (way === "strategic-patch" && on.kind !== "web") return refused("Unsupported");
  // 2. Status and records are the operator's.
  if ((on.part === "status" || on.kind === "deploymentrecords") && who !== WRITES_STATUS_AND_RECORDS)
    return refused("Policy");
  const has = (what: Change["what"]): boolean => changes.some((change) => change.what === what);
  // 3. Under the other kind of this name nothing is an action.
  if (on.kind === "web") return has("act") ? refused("Policy") : { decision: "Accepted", world: dryRun ? "same" : {} };
  if (way === "delete" || way === "deletecollection") return { decision: "Accepted", world: dryRun ? "same" : "gone" };
  if (on.kind !== "deployments" || on.part === "status")
    return { decision: "Accepted", world: dryRun && way === "create" ? "gone" : "same" };
  // 4. An update never changes, and a field of somebody else is not taken without force.
  if (has("spec") && way !== "create") return refused("Invalid");
  if (way === "apply" && takesAField(row, stamps)) return refused("Conflict");
  const stood = before(row, users);
  const acts = changes.flatMap((change) =>
    change.what === "act" && stood[keyOf(change)] !== change.value ? [change] : [],
  );
  // 5. Each action needs its right, and is all that its request does; what stands already is no action.
  if (acts.some(({ tier }) => !rights.acts.includes(tier))) return refused("Policy");
  if (acts.length > 0 && way !== "create" && changes.some(({ what }) => BESIDE_AN_ACTION.includes(what)))
    return refused("Policy");
  // 6. Who may not delete an update does not decide how it goes either.
  if (
    way !== "create" &&
    changes.some(({ what }) => what === "finalizer" || what === "owner") &&
    !may.includes("delete")
  )
    return refused("Policy");
  // 7. A stamp says the truth: the API server puts it so, or refuses what is not.
  if (stamps === "Client" && liesAboutWho(row)) return refused("Policy");
  const after: Record<string, string> = { ...stood };
  if (way === "create" && stamps === "ApiServer") after[AUTHOR] = users[who];
  for (const act of acts) {
    after[keyOf(act)] = act.value;
    after[stampOf(act)] = users[who];
  }
  if (has("withdraw")) {
    delete after[APPROVAL];
    if (stamps === "ApiServer") delete after[STAMP];
  }
  return { decision: "Accepted", world: dryRun ? (way === "create" ? "gone" : "same") : after };
}

const BESIDE_AN_ACTION: readonly Change["what"][] = ["spec", "label", "finalizer", "owner", "note"];
const LIES: readonly Change["what"][] = [
  "forge-stamp",
  "invent-stamp",
  "remove-stamp",
  "forge-author",
  "remove-author",
];

const liesAboutWho = ({ changes }: Row): boolean => changes.some(({ what }) => LIES.includes(what));

/** Fields that somebody wrote; what the API server put there is nobody's, so that an apply over it is accepted and put back. */
const takesAField = ({ on, changes }: Row, stamps: Stamps): boolean => {
  const approved = on.part === "object" && on.approved === true;
  return changes.some(
    (change) =>
      (stamps === "Client" && (change.what === "forge-author" || (approved && change.what === "forge-stamp"))) ||
      (approved &&
        change.what === "act" &&
        change.word === "approve" &&
        change.tier === "omega" &&
        change.slot === undefined &&
        change.value !== TOKEN),
  );
};
