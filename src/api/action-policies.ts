import { ACTION_INFIX, AUTHOR_KEY, SLOT_PATTERN } from "./actions.ts";
import { GROUP, type Tier, TIERS, type Verb, VERBS } from "./group.ts";
import { rolesFor } from "./rbac.ts";
import { mutating, type PolicyObject, resourceRules, type Validation, validating, type Variable } from "./policy.ts";

/** One rule for every action `<verb>.ashat.raos.io/<tier>[.<slot>]`: the verb is a right, and who used it is stamped. */

const STAMP_PREFIX = `by.${GROUP}/`;
const ACTION = `^(${VERBS.join("|")})[.]${GROUP.replaceAll(".", "[.]")}/(${TIERS.join("|")})([.]${SLOT_PATTERN})?$`;
/** What could end a line, colour a terminal or turn the order of reading around makes a reason say what nobody wrote. */
const UNSEEN = String.raw`\p{Cc}\p{Zl}\p{Zp}\x{202A}-\x{202E}\x{2066}-\x{2069}`;
const VALUE = `^[0-9A-Za-z._-]{1,64}([[:blank:]]+[^${UNSEEN}]{0,512})?[[:space:]]*$`;
const VALUE_WITH_REASON = `^[0-9A-Za-z._-]{1,64}[[:blank:]]+[^${UNSEEN}[:space:]][^${UNSEEN}]{0,511}[[:space:]]*$`;
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The words by which the operator knows which rule refused its forgery. */
export const STAMP_REFUSAL = "who acted is stamped by the API server only";
export const rightRefusal = (verb: Verb, tier: Tier): string => `may not ${verb} on tier ${tier}`;

const matchConstraints = resourceRules({ operations: ["CREATE", "UPDATE"], resources: ["deployments"] });
const user = "request.userInfo.username";
const stampOf = (key: string): string => `('${STAMP_PREFIX}' + ${key}.replace('${ACTION_INFIX}', '.'))`;

const shared: readonly Variable[] = [
  {
    name: "before",
    expression: "oldObject != null && has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {}",
  },
  { name: "after", expression: "has(object.metadata.annotations) ? object.metadata.annotations : {}" },
  { name: "standing", expression: `variables.after.filter(k, k.matches('${ACTION}'))` },
  {
    name: "changed",
    expression: "variables.standing.filter(k, !(k in variables.before) || variables.before[k] != variables.after[k])",
  },
  {
    name: "kept",
    expression: `variables.standing.filter(k, !(k in variables.changed) && ${stampOf("k")} in variables.before).map(k, ${stampOf("k")})`,
  },
];

const add = (key: string, value: string): string =>
  `JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey(${key}), value: ${value}}`;

/** Stamps are set to what is true, whatever the request says. An action that stood unstamped stays so: nobody is known to have done it. */
export const stamps: readonly PolicyObject[] = mutating(`ashat-stamps`, {
  matchConstraints,
  variables: [
    ...shared,
    {
      name: "author",
      expression: `oldObject == null ? [${user}] : variables.before.filter(k, k == '${AUTHOR_KEY}').map(k, variables.before[k])`,
    },
  ],
  mutations: [
    {
      patchType: "JSONPatch",
      jsonPatch: {
        expression: [
          `(has(object.metadata.annotations) || size(variables.author) == 0 ? [] : [JSONPatch{op: "add", path: "/metadata/annotations", value: {}}])`,
          `variables.author.map(a, ${add(`"${AUTHOR_KEY}"`, "a")})`,
          `variables.changed.map(k, ${add(stampOf("k"), user)})`,
          `variables.kept.map(s, ${add("s", "variables.before[s]")})`,
          `variables.after.filter(k, k.startsWith('${STAMP_PREFIX}') && !(k == '${AUTHOR_KEY}' && size(variables.author) == 1)` +
            ` && !(k in variables.kept) && !variables.changed.exists(c, ${stampOf("c")} == k))` +
            `.map(k, JSONPatch{op: "remove", path: "/metadata/annotations/" + jsonpatch.escapeKey(k)})`,
        ].join("\n+ "),
      },
    },
  ],
});

const variables: readonly Variable[] = [
  ...shared,
  {
    name: "asked",
    expression:
      `variables.after.filter(k, k.lowerAscii().contains('${ACTION_INFIX}') && !k.startsWith('${STAMP_PREFIX}')` +
      " && (!(k in variables.before) || variables.before[k] != variables.after[k]))",
  },
  { name: "wanted", expression: `variables.changed.map(k, k.split('.')[0] + ' ' + k.split('/')[1].split('.')[0])` },
  { name: "stamped", expression: `variables.changed.map(k, ${stampOf("k")})` },
  {
    name: "othersBefore",
    expression: `variables.before.filter(k, !k.contains('${ACTION_INFIX}') && k != '${LAST_APPLIED}')`,
  },
  {
    name: "othersAfter",
    expression: `variables.after.filter(k, !k.contains('${ACTION_INFIX}') && k != '${LAST_APPLIED}')`,
  },
  {
    name: "manager",
    expression: "has(request.options) && has(request.options.fieldManager) ? request.options.fieldManager : ''",
  },
];

const form: readonly Validation[] = [
  {
    expression: `variables.asked.all(k, k.matches('${ACTION}'))`,
    messageExpression:
      `'unknown action ' + variables.asked.filter(k, !k.matches('${ACTION}')).join(', ') + ': an action is ` +
      `<verb>.${GROUP}/<tier>[.<slot>], verb ${VERBS.join(", ")}; tier ${TIERS.join(", ")}; slot at most 32 of a-z, 0-9 and -'`,
    reason: "Invalid",
  },
  {
    expression: `variables.changed.all(k, variables.after[k].matches(k.startsWith('override.') ? r'${VALUE_WITH_REASON}' : r'${VALUE}'))`,
    messageExpression:
      `'the value of ' + variables.changed.filter(k, !variables.after[k].matches(k.startsWith('override.') ? r'${VALUE_WITH_REASON}' : r'${VALUE}')).join(', ')` +
      ` + ' must be \\'<token> [reason]\\' in one line, at most 512 characters of reason, and override needs a reason: status.blockedBy of the update shows the token'`,
    reason: "Invalid",
  },
];

/** Before the rights: the proof that the policies are in force reads from the order which of the two refused. */
const truthful: Validation = {
  expression: [
    `variables.stamped.all(s, s in variables.after && variables.after[s] == ${user})`,
    `variables.after.filter(k, k.startsWith('${STAMP_PREFIX}')).all(s, s in variables.stamped ||` +
      ` (s in variables.before ? variables.before[s] == variables.after[s] : s == '${AUTHOR_KEY}' && oldObject == null && variables.after[s] == ${user}))`,
    "variables.kept.all(s, s in variables.after)",
    `(!('${AUTHOR_KEY}' in variables.before) || '${AUTHOR_KEY}' in variables.after)`,
  ].join("\n&& "),
  messageExpression: `'${STAMP_REFUSAL}; where it cannot (Kubernetes before 1.36) the request itself carries it: ${STAMP_PREFIX}<verb>.<tier>[.<slot>]=' + ${user}`,
  reason: "Forbidden",
};

/** One validation per right: the API server's cost limit allows two authorization checks in one expression, not three. */
const rights: readonly Validation[] = VERBS.flatMap((verb) =>
  TIERS.map((tier) => ({
    expression: `!('${verb} ${tier}' in variables.wanted) || authorizer.group('${GROUP}').resource('tiers').namespace(request.namespace).name('${tier}').check('${verb}').allowed()`,
    messageExpression: `${user} + ' ${rightRefusal(verb, tier)}: that needs the verb ${verb} on tiers.${GROUP}/${tier} in namespace ' + request.namespace + ', as the role ${rolesFor(verb, tier).join(" or ")} gives it'`,
    reason: "Forbidden" as const,
  })),
);

const same = (field: string, empty: string): string =>
  `(has(object.metadata.${field}) ? object.metadata.${field} : ${empty}) == (has(oldObject.metadata.${field}) ? oldObject.metadata.${field} : ${empty})`;

const alone: readonly Validation[] = [
  {
    expression: [
      "size(variables.asked) == 0 || oldObject == null || (object.spec == oldObject.spec",
      same("labels", "{}"),
      same("finalizers", "[]"),
      same("ownerReferences", "[]"),
      "size(variables.othersBefore) == size(variables.othersAfter)",
      "variables.othersAfter.all(k, k in variables.before && variables.before[k] == variables.after[k]))",
    ].join("\n&& "),
    message: "a request that acts on an update may change nothing else of it: send the other change by itself",
    reason: "Forbidden",
  },
  {
    expression:
      "size(variables.asked) == 0 || !has(object.metadata.labels) || !('kustomize.toolkit.fluxcd.io/name' in object.metadata.labels)" +
      " || ('kustomize.toolkit.fluxcd.io/ssa' in variables.after && variables.after['kustomize.toolkit.fluxcd.io/ssa'] == 'Merge')" +
      " || !variables.manager.startsWith('kubectl')",
    message:
      "Flux would remove this at its next reconcile: add --field-manager=ashat to the command, or commit it to Git",
    reason: "Invalid",
  },
];

/** An owner that does not exist gets an update collected, and a finalizer keeps it from going: both are deleting by another name. */
const going: Validation = {
  expression: [
    "oldObject == null",
    `(${same("finalizers", "[]")} && ${same("ownerReferences", "[]")})`,
    `authorizer.group('${GROUP}').resource('deployments').namespace(request.namespace).name(request.name).check('delete').allowed()`,
  ].join(" || "),
  message: "finalizers and owners decide when an update goes, so only who may delete it changes them",
  reason: "Forbidden",
};

export const actions: readonly PolicyObject[] = validating("ashat-actions", {
  matchConstraints,
  variables,
  validations: [...form, truthful, ...rights, ...alone, going],
});
