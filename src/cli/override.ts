import type { BlockedBy } from "../api/deployment.ts";
import type { Tier } from "../api/group.ts";
import { TIME_GATES } from "../api/record.ts";
import { act, reasonFrom } from "./act.ts";
import { actedAlready, type Asked } from "./action.ts";
import { heard } from "./heard.ts";
import type { Update } from "./kinds.ts";
import { updateCalled } from "./lookup.ts";
import { idOf, shownAs } from "./names.ts";
import { nextOf } from "./next.ts";
import { No } from "./no.ts";
import type { Session } from "./session.ts";
import { whyNothingIsSaid } from "./unseen.ts";
import { sayWhereItIs, withoutCommand } from "./where.ts";
import { whoAmI } from "../kube/whoami.ts";
import { TIER_NAME } from "./words.ts";

export interface OverrideOptions {
  readonly reason: string;
  readonly wait?: boolean;
  readonly timeoutMs: number;
}

/** Opens what only time keeps shut at the tier an update waits at, before its time; it replaces no approval and no check. */
export async function override(session: Session, typed: string, options: OverrideOptions): Promise<number> {
  const { client, screen, deploy, now } = session;
  const reason = reasonFrom(options.reason);
  const update = await updateCalled(session, typed);
  const early = timeGates(update);
  if (early === undefined) {
    const next = nextOf(update, deploy, now());
    throw new No(
      `There is nothing to override: no window and no soak keeps ${shownAs(update)} waiting now: ${withoutCommand(update.status?.message ?? whyNothingIsSaid(update, now()))}.`,
      { next: next === undefined ? [] : [next] },
    );
  }
  const { tier, token, gates } = early;
  const asked: Asked = { verb: "override", tier, token, ...reason };
  const who = await whoAmI(client);
  if (actedAlready(update.metadata.annotations ?? {}, asked, who))
    throw new No(`You (${who}) have overridden this already: it stands with the reason it was given.`, {
      next: [deploy(`status ${idOf(update)}`)],
    });
  const { update: written, key } = await act(session, update, asked, who);
  screen.print(screen.paint.good(`Opened before the time: ${gates.join(" and ")} of ${TIER_NAME[tier]}, by ${who}.`));
  const seen = (at: Update): boolean => timeGates(at)?.token !== token || at.status?.tier !== tier;
  const after = await heard(session, written, key, seen, options);
  return sayWhereItIs(session, after.update, after.reached);
}

const isTimeGate = ({ gate }: BlockedBy): boolean => TIME_GATES.some((one) => one === gate);

/** The gates that only time keeps shut, and the token that opens them. */
export function timeGates({
  status,
}: Update): { readonly tier: Tier; readonly token: string; readonly gates: readonly string[] } | undefined {
  const shut = (status?.blockedBy ?? []).filter(isTimeGate);
  const token = shut.find((gate) => gate.token !== undefined)?.token;
  if (status?.tier === undefined || token === undefined) return undefined;
  return { tier: status.tier, token, gates: shut.map(({ gate }) => gate) };
}
