/** A mistake that somebody could make, as a change of a text, and the least that has to notice it. */
export interface Mutant {
  readonly name: string;
  /** Under the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly by: Judge;
}
/** Tables beside the source, tables on an API server that has the changed policies, or runs in which something goes wrong. */
export type Judge =
  | { readonly unit: readonly string[] }
  | { readonly apiserver: readonly string[] }
  | { readonly plans: readonly string[] };

const RUNTIME = { unit: ["src/runtime", "test/unit/kube"] } as const;
const CORE = { unit: ["src/core", "src/controllers"] } as const;

export const MUTANTS: readonly Mutant[] = [
  {
    name: "an older state of an object undoes a newer one",
    file: "src/runtime/store.ts",
    from: "if (order !== undefined && order < 0) return [];",
    to: "if (order === undefined) return [];",
    by: RUNTIME,
  },
  {
    name: "another object of the same name is taken for a change of the first",
    file: "src/runtime/store.ts",
    from: "const deletion = bury(key, old, { uid: old.metadata.uid, version: old.metadata.resourceVersion });",
    to: "const deletion: readonly Change<T>[] = [];",
    by: RUNTIME,
  },
  {
    name: "what a new list does not hold stays",
    file: "src/runtime/store.ts",
    from: "([key, object]) => !seen.has(key) && (whole || !older(resourceVersion, object.metadata.resourceVersion)),",
    to: '([key]) => !seen.has(key) && key === "",',
    by: RUNTIME,
  },
  {
    name: "a late event brings a deleted object back",
    file: "src/runtime/store.ts",
    from: "return tombstone !== undefined && (tombstone.uid === uid || older(version, tombstone.version));",
    to: 'return tombstone !== undefined && tombstone.uid === "" && older(version, tombstone.version);',
    by: RUNTIME,
  },
  {
    name: "a server that was restored is not believed",
    file: "src/runtime/store.ts",
    from: "rewound = true;",
    to: "rewound = false;",
    by: RUNTIME,
  },
  {
    name: "a watch that goes back in time is believed",
    file: "src/kube/watch.ts",
    from: "if (older(next, version))",
    to: 'if (older(next, version) && next === "")',
    by: RUNTIME,
  },
  {
    name: "nothing is listed anew when the version is gone",
    file: "src/kube/watch.ts",
    from: "if (needsList(error) || unreachable(error) || failures >= RESUMES) version = undefined;",
    to: "if (failures >= 1000 * RESUMES) version = undefined;",
    by: RUNTIME,
  },
  {
    name: "a history that was taken back stays in the store when the server has caught up with it",
    file: "src/runtime/store.ts",
    from: "...[...taken].flatMap(([key, object]) => settle(key, object, resourceVersion)),",
    to: "",
    by: RUNTIME,
  },
  {
    name: "a server that was away is watched from where it was",
    file: "src/kube/watch.ts",
    from: "if (needsList(error) || unreachable(error) || failures",
    to: "if (needsList(error) || failures",
    by: RUNTIME,
  },
  {
    name: "an event counts as seen before it was handed over",
    file: "src/kube/watch.ts",
    from: 'if (type === "ADDED" || type === "MODIFIED") yield',
    to: 'version = next;\n      if (type === "ADDED" || type === "MODIFIED") yield',
    by: RUNTIME,
  },
  {
    name: "a frozen connection is waited for without end",
    file: "src/kube/transport.ts",
    from: "bodyTimeout: idleMs,",
    to: "bodyTimeout: 0,",
    by: { plans: ["main/watch-half-open@event:deployments#3", "main/watch-half-open@event:pods#2"] },
  },
  {
    name: "what changes during a reconcile is not looked at again",
    file: "src/runtime/queue.ts",
    from: "parked.set(key, Math.min(at, parked.get(key) ?? Infinity));",
    to: "parked.delete(key);",
    by: RUNTIME,
  },
  {
    name: "what failed is not tried again",
    file: "src/runtime/controller.ts",
    from: "const delay = queue.failed(key, failure.backoff);",
    to: "const delay = failure.backoff.firstMs;",
    by: RUNTIME,
  },
  {
    name: "a server that asks to wait is asked at once",
    file: "src/runtime/failure.ts",
    from: "{ firstMs: 2 * afterMs, capMs: 2 * afterMs }",
    to: "{ firstMs: 1, capMs: 1 }",
    by: RUNTIME,
  },
  {
    name: "a leader that was paused writes what it was about to write",
    file: "src/runtime/fenced.ts",
    from: "if (!passes && !isLeader())",
    to: "if (!passes && isLeader === undefined)",
    by: RUNTIME,
  },
  {
    name: "a leader that could not renew goes on",
    file: "src/runtime/candidacy.ts",
    from: "now - renewedAt >= terms.renewWithinMs;",
    to: "now - renewedAt >= 1000 * terms.renewWithinMs;",
    by: RUNTIME,
  },
  {
    name: "a lease is taken while somebody holds it",
    file: "src/runtime/candidacy.ts",
    from: 'return now - seen.at >= Math.max(promised, terms.durationMs) ? "acquire" : "wait";',
    to: 'return promised >= 0 ? "acquire" : "wait";',
    by: RUNTIME,
  },
  {
    name: "a claim is not waited for",
    file: "src/core/waiting.ts",
    from: "const unclaimed = ready.filter(({ seen }) => !isClaimedBy(seen.target, spec.app, metadata.uid));",
    to: "const unclaimed = ready.filter(({ seen }) => isClaimedBy(seen.target, spec.app, metadata.uid) && now < 0);",
    by: CORE,
  },
  {
    name: "a Job is let go before its evidence is recorded",
    file: "src/core/cleanup.ts",
    from: ".filter((job) => job.held && !isNeeded(progress, job))",
    to: ".filter((job) => job.held)",
    by: CORE,
  },
  {
    name: "a target that goes back loses its claim",
    file: "src/core/cleanup.ts",
    from: "if (goingBack.has(seen.target.metadata.uid)) return [];",
    to: 'if (goingBack.has("")) return [];',
    by: CORE,
  },
  {
    name: "what nobody proved has passed",
    file: "src/core/evidence.ts",
    from: 'return all && counted.every((item) => item.verdict === "Passed") ? "Passed" : "Inconclusive";',
    to: 'return all || counted.length === 0 ? "Passed" : "Inconclusive";',
    by: CORE,
  },
  {
    name: "an order that the agent does not know is waited for",
    file: "src/core/delivering.ts",
    from: ': { state: "Send" };\n    case "NotAnswered":',
    to: ': { state: "Busy" };\n    case "NotAnswered":',
    by: CORE,
  },
  {
    name: "a lost answer to an order is a refusal",
    file: "src/controllers/said.ts",
    from: 'state: answer.state === "Refused" ? "Refused" : "NotAnswered",',
    to: 'state: "Refused",',
    by: { plans: ["main/reset-after@agent:staging:update-order#1", "main/reset-before@agent:omega:update-order#1"] },
  },
  {
    name: "every try to start a Job starts another one",
    file: "src/core/job.ts",
    from: "    attempt,\n  }).slice(0, 20)}`;",
    to: "    attempt: attempt + Math.random(),\n  }).slice(0, 20)}`;",
    by: { plans: ["main/reset-after@create:jobs:ashat-~#1", "main/crash-after-commit@create:jobs:ashat-~#1"] },
  },
  {
    name: "whoever is second writes a record of its own",
    file: "src/api/record.ts",
    from: '`${deployment.name}-${deployment.uid.replaceAll("-", "").slice(0, 8)}-${seq}`;',
    to: '`${deployment.name}-${deployment.uid.replaceAll("-", "").slice(0, 8)}-${seq}${Math.floor(Math.random() * 1e6)}`;',
    by: { plans: ["main/two-leaders@run", "main/reset-after@create:deploymentrecords:first-~-1#1"] },
  },
  {
    name: "what an agent said before another leader went on is held against what that one did",
    file: "src/controllers/deployment.ts",
    from: "if (known.length !== length) heard = forgetAgents(heard);",
    to: "",
    by: { plans: ["main/two-leaders@create:deploymentrecords:first-~-7#2"] },
  },
  {
    name: "the finalizer of a Job is never taken off",
    file: "src/controllers/act.ts",
    from: "const finalizers = (job.metadata.finalizers ?? []).filter((name) => name !== EVIDENCE_FINALIZER);",
    to: "const finalizers = job.metadata.finalizers ?? [];",
    by: { plans: ["cancel/crash-after-commit@create:jobs:ashat-~#1"] },
  },
  {
    name: "any Job of the right name is believed",
    file: "src/controllers/seal.ts",
    from: "isOn: (job) => job.metadata.annotations?.[SEAL] === sealOf(job),",
    to: "isOn: (job) => sealOf(job).length > 0,",
    by: CORE,
  },
  {
    name: "policies count under other texts than they were proved",
    file: "src/controllers/gate-memory.ts",
    from: 'if (texts?.is.state === "NotInForce") return texts.is;',
    to: "",
    by: CORE,
  },
  {
    name: "an old proof of the policies undoes a newer one",
    file: "src/controllers/gate-memory.ts",
    from: "if (before === undefined || asked > before.asked) proofs.set(namespace, { asked, is });",
    to: "proofs.set(namespace, { asked, is });",
    by: CORE,
  },
  {
    name: "a policy somebody added to counts as ours",
    file: "src/api/policies-live.ts",
    from: "for (const key of new Set([...Object.keys(ours), ...Object.keys(live)])) {",
    to: "for (const key of Object.keys(ours)) {",
    by: { unit: ["src/api"] },
  },
  {
    name: "any refusal of the forgery proves the policies",
    file: "src/api/forgery.ts",
    from: "if (refusal.includes(`${OURS}${OPERATOR_ACCOUNT} ${right}`)) return undefined;",
    to: "if (refusal.includes(OURS)) return undefined;",
    by: { unit: ["src/api"] },
  },
  {
    name: "a stamp need not be true",
    file: "src/api/action-policies.ts",
    from: "`variables.stamped.all(s, s in variables.after && variables.after[s] == ${user})`,",
    to: "`variables.stamped.all(s, s in variables.after)`,",
    by: { apiserver: ["test/apiserver/admission-client-stamps.test.ts"] },
  },
  {
    name: "who acts may change the update in the same request",
    file: "src/api/action-policies.ts",
    from: '"size(variables.asked) == 0 || oldObject == null || (object.spec == oldObject.spec",',
    to: '"size(variables.asked) >= 0 || oldObject == null || (object.spec == oldObject.spec",',
    by: { apiserver: ["test/apiserver/admission.test.ts"] },
  },
];
