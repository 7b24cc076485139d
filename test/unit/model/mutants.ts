/** One mistake in the judgement, as a change of its text. */
export interface Mutant {
  readonly name: string;
  /** Under `src/core`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Mistakes that somebody could make. Every one of them has to be noticed. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "effects rest on the caches",
    file: "decide.ts",
    from: "if (observed.live && (observed.proven || !asked))",
    to: "if (observed.proven || !asked)",
  },
  {
    name: "approvals are acted on under policies as they were",
    file: "decide.ts",
    from: "(observed.proven || !asked)",
    to: "true",
  },
  {
    name: "a broken chain is ignored",
    file: "decide.ts",
    from: "if (broken.length > 0)",
    to: "if (broken.length > 99)",
  },
  {
    name: "slots are counted, not people",
    file: "approvals.ts",
    from: "objections[ruleIndex] === undefined ? [action.by] : []",
    to: "objections[ruleIndex] === undefined ? [action.by + action.slot] : []",
  },
  {
    name: "the token is not compared",
    file: "approvals.ts",
    from: "if (action.token !== token)",
    to: 'if (action.token === "never")',
  },
  {
    name: "the author may approve where forbidden",
    file: "approvals.ts",
    from: "return author === action.by",
    to: 'return author === "nobody"',
  },
  {
    name: "an unknown author is taken for another person",
    file: "approvals.ts",
    from: "if (author === undefined || isServiceAccount(author))",
    to: 'if (author === "nobody")',
  },
  {
    name: "any program may approve",
    file: "approvals.ts",
    from: "!rule.syncBots.includes(action.by)",
    to: 'rule.syncBots.includes("nobody")',
  },
  {
    name: "the printed slot may be in use",
    file: "commands.ts",
    from: "if (!used.includes(slot)) return slot;",
    to: "return slot;",
  },
  { name: "the token forgets its tier", file: "token.ts", from: "hashOf({ tier, ...parts })", to: "hashOf(parts)" },
  {
    name: "the token forgets the record before",
    file: "token.ts",
    from: "enablingRecord(observed.records, before)?.hash ?? hashOf(null)",
    to: "hashOf(null)",
  },
  {
    name: "the token forgets the targets",
    file: "token.ts",
    from: "targets: hashOf(rulesOf(tier, observed))",
    to: "targets: hashOf(null)",
  },
  {
    name: "the token forgets the policies",
    file: "token.ts",
    from: 'hashOf(observed.policies.state === "InForce" ? observed.policies.identity : null)',
    to: "hashOf(null)",
  },
  {
    name: "nothing is quarantined",
    file: "token.ts",
    from: 'readonly string[] = ["Cancelled", "RollingBack", "RolledBack"]',
    to: "readonly string[] = []",
  },
  {
    name: "the policies gate is ignored",
    file: "gates.ts",
    from: "(policiesGate(situation) ?? approvalsGate(situation, approvals))",
    to: "approvalsGate(situation, approvals)",
  },
  {
    name: "the claim is skipped",
    file: "waiting.ts",
    from: "if (unclaimed.length > 0) return",
    to: "if (unclaimed.length > 99) return",
  },
  {
    name: "a claim is never given back",
    file: "waiting.ts",
    from: "return ours.length === 0 ? {} :",
    to: "return ours.length >= 0 ? {} :",
  },
  {
    name: "an update ends while it is under way elsewhere",
    file: "waiting.ts",
    from: 'if (tier !== "mainframes" && underWay(situation)) return {};',
    to: "",
  },
  { name: "waves do not wait", file: "waiting.ts", from: "&& waveOf(seen) <= turn", to: "&& waveOf(seen) <= 100" },
  {
    name: "a begun tier counts as passed",
    file: "tiers.ts",
    from: "progress.tiers[tier].passedBy === undefined",
    to: "progress.tiers[tier].passedBy === undefined && progress.tiers[tier].targets.size === 0",
  },
  {
    name: "one target completes a tier",
    file: "completion.ts",
    from: "situation.targets.every(",
    to: "situation.targets.some(",
  },
  {
    name: "Inconclusive passes",
    file: "evidence.ts",
    from: 'counted.every((item) => item.verdict === "Passed")',
    to: 'counted.every((item) => item.verdict !== "Failed")',
  },
  { name: "a missing check passes", file: "evidence.ts", from: "return all && counted", to: "return counted" },
  {
    name: "the documents of a container that failed count",
    file: "evidence.ts",
    from: "pod.terminated?.exitCode === 0 ?",
    to: "pod.terminated !== undefined ?",
  },
  {
    name: "every attempt has the same Job",
    file: "job.ts",
    from: "    attempt,\n  }).slice(0, 20)",
    to: "  }).slice(0, 20)",
  },
  {
    name: "sequences are used again",
    file: "situation.ts",
    from: "Math.max(appState(target, app)?.sequence ?? 0, seen) + 1",
    to: "1",
  },
  {
    name: "what the agent has seen is forgotten",
    file: "situation.ts",
    from: "appState(target, app)?.sequence ?? 0, seen)",
    to: "appState(target, app)?.sequence ?? 0)",
  },
  {
    name: "what is there already is delivered again",
    file: "gates.ts",
    from: "const there = same && compareVersions(now.version, spec.version) === 0;",
    to: "const there = false;",
  },
  { name: "any claim is taken", file: "gates.ts", from: 'holder === "Held" && (tier', to: "(tier" },
  {
    name: "an older version replaces a newer one",
    file: "gates.ts",
    from: "if (order < 0 || spec.allowOlder) return undefined;",
    to: "return undefined;",
  },
  {
    name: "any licence will do",
    file: "gates.ts",
    from: "licence?.valid === true) return undefined",
    to: "licence !== undefined) return undefined",
  },
  {
    name: "an agent at work is not waited for",
    file: "gates.ts",
    from: "if (taken === undefined || orderEnded(taken.state)) return undefined;",
    to: "return undefined;",
  },
  {
    name: "a lost claim goes unnoticed",
    file: "unclaimed.ts",
    from: "if (lost.length === 0) continue;",
    to: "if (lost.length >= 0) continue;",
  },
  {
    name: "a lost reply counts as applied",
    file: "delivering.ts",
    from: 'return over ? { state: "Lost", reason: order.reason, message: order.message } : { state: "Busy" };',
    to: 'return { state: "Applied" };',
  },
  {
    name: "a lost reply is the end",
    file: "delivering.ts",
    from: 'return over ? { state: "Lost", reason: order.reason, message: order.message } : { state: "Busy" };',
    to: 'return { state: "Lost", reason: order.reason, message: order.message };',
  },
  { name: "an old wish to verify is obeyed again", file: "held.ts", from: "a.token === token && ", to: "" },
  {
    name: "a claim is let go while its target is verified",
    file: "cleanup.ts",
    from: 'if (at?.state === "Passed") return',
    to: 'if (at?.state === "Passed" || at?.state === "Verifying") return',
  },
  {
    name: "a Job is let go before its evidence is recorded",
    file: "cleanup.ts",
    from: 'return at?.state === "Verifying" && at.attempt === job.attempt;',
    to: 'return at?.state === "Delivering" && at.attempt === job.attempt;',
  },
  {
    name: "a deleted update keeps its claims",
    file: "gone.ts",
    from: ".filter(({ app }) => isClaimedBy(seen.target, app, uid))",
    to: '.filter(({ app }) => isClaimedBy(seen.target, app, "nobody"))',
  },
  {
    name: "a gate is shut since now",
    file: "status.ts",
    from: "before?.find((old) => old.gate === shut.gate)?.since ?? timeOf(now)",
    to: "timeOf(now)",
  },
  {
    name: "every look is a transition",
    file: "conditions.ts",
    from: "old?.status === draft.status ? old.lastTransitionTime : timeOf(now)",
    to: "timeOf(now)",
  },
];
