import type { Tier } from "../api/group.ts";
import { act, reasonFrom } from "./act.ts";
import { actionIn } from "./action.ts";
import { EXIT } from "./exit.ts";
import { follow, newSentences } from "./follow.ts";
import type { Update } from "./kinds.ts";
import { fleetOf, ofTier, updateCalled } from "./lookup.ts";
import { idOf, shownAs } from "./names.ts";
import { isMoving, isOver, nextOf, waysOn } from "./next.ts";
import { No } from "./no.ts";
import { readRecords } from "./records.ts";
import { sayNext } from "./say.ts";
import type { Session } from "./session.ts";
import { DOCTOR, LOOKED_AT_WITHIN_MS, whyNothingIsSaid } from "./unseen.ts";
import { verdictsOf } from "./verdicts.ts";
import { verdictLines } from "./verdict-lines.ts";
import { withoutCommand } from "./where.ts";
import { whoAmI } from "../kube/whoami.ts";
import { TIER_NAME } from "./words.ts";

export interface VerifyOptions {
  readonly tier: Tier;
  readonly again?: boolean;
  readonly reason?: string;
  readonly output?: "json";
  readonly timeoutMs: number;
}

/** Follows the verification on a tier to its end and shows what each check found; what is held is verified again when that is asked. */
export async function verify(session: Session, typed: string, options: VerifyOptions): Promise<number> {
  const { client, screen, namespace } = session;
  const { tier } = options;
  const found = await updateCalled(session, typed);
  const begun = options.again === true ? await askAgain(session, found, options) : await lookedAt(session, found);
  const { update, reached } = await follow(session, begun, {
    until: (now) => isSettled(now, tier),
    tell: newSentences(screen.complain),
    timeoutMs: options.timeoutMs,
  });
  const state = update.status?.tiers?.find(({ name }) => name === tier);
  if (!reached)
    throw new No(
      `${shownAs(update)} is still under way on ${TIER_NAME[tier]} after ${options.timeoutMs / 1000} s; where an operator runs, it goes on without you.`,
      {
        next: [session.deploy(`verify ${idOf(update)}`), DOCTOR],
        code: EXIT.trouble,
      },
    );
  const verdicts =
    state === undefined
      ? []
      : verdictsOf(tier, state, ofThis(update, await readRecords(client, namespace, update.metadata.name)));
  if (state === undefined || verdicts.every(({ checks, verdict }) => checks.length === 0 && verdict === "NotVerified"))
    throw notVerified(session, update, tier);
  const passed = state.state === "Passed";
  if (options.output === "json")
    screen.print(
      JSON.stringify(
        { update: update.metadata.name, version: update.spec.version, tier, passed, targets: verdicts },
        null,
        2,
      ),
    );
  else {
    const servers = ofTier(await fleetOf(session), tier);
    const called = (name: string): string =>
      shownAs(servers.find(({ metadata }) => metadata.name === name) ?? nameOnly(name));
    for (const line of verdictLines({ update, tier, passed, verdicts, called }, screen)) screen.print(line);
    sayNext(session, waysOn(update, session.deploy, session.now()));
  }
  return passed ? EXIT.good : EXIT.no;
}

const nameOnly = (name: string) => ({ metadata: { name, uid: "", resourceVersion: "" } });

/** Records of an earlier update of the same name are of another one. */
const ofThis = <T extends { readonly spec: { readonly deployment: { readonly uid: string } } }>(
  update: Update,
  records: readonly T[],
): readonly T[] => records.filter(({ spec }) => spec.deployment.uid === update.metadata.uid);

/** Whoever waits for what nobody does would wait for nothing. */
async function lookedAt(session: Session, found: Update): Promise<Update> {
  const { update, reached } = await follow(session, found, {
    until: ({ status }) => status?.phase !== undefined,
    timeoutMs: LOOKED_AT_WITHIN_MS,
  });
  if (reached) return update;
  throw new No(
    `No operator has looked at ${shownAs(update)} within ${LOOKED_AT_WITHIN_MS / 1000} s: before one does, nothing is delivered and nothing verified.`,
    { next: [DOCTOR], code: EXIT.trouble },
  );
}

/** The tier has come to an end, or nothing moves there before somebody does something. */
function isSettled(update: Update, tier: Tier): boolean {
  const state = update.status?.tiers?.find(({ name }) => name === tier)?.state;
  if (state === undefined || state === "Waiting")
    return isOver(update) || (update.status?.phase !== undefined && !isMoving(update));
  return state !== "Delivering" && state !== "Verifying" && state !== "RollingBack";
}

async function askAgain(session: Session, update: Update, { tier, reason }: VerifyOptions): Promise<Update> {
  const command = update.status?.blockedBy?.find(({ gate }) => gate === "held")?.command;
  const asked = actionIn(command);
  if (asked?.verb !== "verify" || asked.tier !== tier) {
    const next = nextOf(update, session.deploy, session.now());
    throw new No(
      `There is nothing of ${shownAs(update)} on ${TIER_NAME[tier]} to verify again: ${withoutCommand(update.status?.message ?? whyNothingIsSaid(update, session.now()))}.`,
      { next: next === undefined ? [] : [next] },
    );
  }
  const who = await whoAmI(session.client);
  const { update: written } = await act(session, update, { ...asked, ...reasonFrom(reason) }, who);
  session.screen.complain(`${who} asked to verify ${shownAs(update)} again`);
  const { update: seen } = await follow(session, written, {
    until: (now) =>
      actionIn(now.status?.blockedBy?.find(({ gate }) => gate === "held")?.command)?.token !== asked.token,
    timeoutMs: REACTION_MS,
  });
  return seen;
}

const REACTION_MS = 10_000;

function notVerified(session: Session, update: Update, tier: Tier): No {
  const why = withoutCommand(update.status?.message ?? whyNothingIsSaid(update, session.now()));
  const held = update.status?.phase === "Held";
  const what = held
    ? `Delivery FAILED: ${shownAs(update)} did not come as far as the checks of ${TIER_NAME[tier]}`
    : `Verification has not happened: ${shownAs(update)} is not on ${TIER_NAME[tier]} yet`;
  return new No(`${what}: ${why}.`, { next: waysOn(update, session.deploy, session.now()) });
}
