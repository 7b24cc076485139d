import { actionsOf, AUTHOR_KEY } from "../api/actions.ts";
import type { BlockedBy } from "../api/deployment.ts";
import type { Tier } from "../api/group.ts";
import { act, reasonFrom } from "./act.ts";
import { actedAlready, type Asked } from "./action.ts";
import { brought, layerLines } from "./brought.ts";
import { follow, newSentences } from "./follow.ts";
import type { Target, Update } from "./kinds.ts";
import { fleetOf, ofTier, targetsOf, updateCalled } from "./lookup.ts";
import { idOf, shownAs } from "./names.ts";
import { isMoving, isOver, nextOf, waysOn } from "./next.ts";
import { No } from "./no.ts";
import type { Session } from "./session.ts";
import { indented } from "./table.ts";
import { whyNothingIsSaid } from "./unseen.ts";
import { sayWhereItIs, withoutCommand } from "./where.ts";
import { whoAmI } from "../kube/whoami.ts";
import { TIER_NAME } from "./words.ts";

export interface ApproveOptions {
  readonly tier?: Tier;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeoutMs: number;
}

/** Approves the tier an update waits at, as the user of the kubeconfig, under the token that stands now. */
export async function approve(session: Session, typed: string, options: ApproveOptions): Promise<number> {
  const { client, screen } = session;
  const reason = reasonFrom(options.reason);
  const [update, fleet] = await Promise.all([updateCalled(session, typed), fleetOf(session)]);
  if (ofTier(fleet, "omega").length === 0 && (options.tier ?? waitsFor(update) ?? "omega") === "omega")
    throw new No("OMEGA Server not configured: there is nothing to approve it for, and nothing was changed.", {
      next: [session.deploy("configure omega <url> <name>")],
    });
  const gate = approvalsGate(session, update, options.tier);
  const who = await whoAmI(client);
  const asked: Asked = { verb: "approve", tier: gate.tier, token: gate.token, ...reason };
  if (actedAlready(update.metadata.annotations ?? {}, asked, who)) {
    throw new No(`You (${who}) have approved this already, and one person counts once: ${gate.entry.message}.`, {
      next: [somebodyElse(session, update, gate.entry)],
    });
  }
  screen.print(screen.paint.bold("You are about to approve:"));
  for (const line of whatIsApproved(update, gate.tier, targetsOf(fleet, gate.tier), screen.width)) screen.print(line);
  if (update.spec.layers !== undefined)
    screen.print(`  every digit of the digests: ${session.deploy(`status ${idOf(update)} -o yaml`)}`);
  const { update: written } = await act(session, update, asked, who);
  screen.print(screen.paint.good(`Approved: ${shownAs(update)} for ${TIER_NAME[gate.tier]}, by ${who}.`));
  const after = await follow(session, written, {
    until: (now) => (options.wait === true ? !isMoving(now) && hasSeen(now, asked) : hasSeen(now, asked)),
    ...(options.wait === true && { tell: newSentences(screen.complain) }),
    timeoutMs: options.wait === true ? options.timeoutMs : REACTION_MS,
  });
  const still = after.update.status?.blockedBy?.find((entry) => entry.token === asked.token);
  return sayWhereItIs(
    session,
    after.update,
    after.reached,
    still === undefined ? waysOn(after.update, session.deploy, session.now()) : [somebodyElse(session, update, still)],
  );
}

const somebodyElse = ({ deploy }: Session, update: Update, { who }: BlockedBy): string =>
  `others of the ${who} type: ${deploy(`approve ${idOf(update)}`)}`;

/** The operator answers within a second where it runs. */
const REACTION_MS = 5_000;

/** Whether the status already speaks of this approval: the gate is open, or it counts one more. */
const hasSeen = ({ metadata, status }: Update, { tier, token }: Asked): boolean => {
  const gate = status?.blockedBy?.find((entry) => entry.gate === "approvals");
  if (gate === undefined || status?.tier !== tier || gate.token !== token) return true;
  const given = new Set(
    actionsOf(metadata.annotations ?? {})
      .filter((action) => action.verb === "approve" && action.tier === tier && action.token === token)
      .map(({ by }) => by),
  );
  return status.approval?.startsWith(`${given.size}/`) === true || gate.message.includes("does not count");
};

const waitsFor = ({ status }: Update): Tier | undefined =>
  status?.blockedBy?.some(({ gate }) => gate === "approvals") === true ? status.tier : undefined;

function approvalsGate(
  session: Session,
  update: Update,
  wanted: Tier | undefined,
): { readonly tier: Tier; readonly token: string; readonly entry: BlockedBy } {
  const { status } = update;
  const entry = status?.blockedBy?.find(({ gate }) => gate === "approvals");
  const { tier } = status ?? {};
  if (entry?.token !== undefined && tier !== undefined && (wanted === undefined || wanted === tier))
    return { tier, token: entry.token, entry };
  const next = nextOf(update, session.deploy, session.now());
  const where =
    entry !== undefined && tier !== undefined
      ? `it waits for approval of ${TIER_NAME[tier]}, not of ${TIER_NAME[wanted ?? tier]}`
      : isOver(update)
        ? `it is ${status?.phase ?? "over"}: ${withoutCommand(status?.message ?? "")}`
        : withoutCommand(status?.message ?? whyNothingIsSaid(update, session.now()));
  throw new No(`Not ready for approval: ${where}.`, { next: next === undefined ? [] : [next] });
}

/** What a person puts their name to; of several layers which ones would come to the targets of the tier. */
export function whatIsApproved(
  { metadata, spec, status }: Update,
  tier: Tier,
  targets: readonly Target[],
  width: number,
): readonly string[] {
  const said = (line: string): readonly string[] => indented(line, width, "  ");
  const annotations = metadata.annotations ?? {};
  const given = actionsOf(annotations).filter(
    (action) =>
      action.verb === "approve" &&
      action.tier === tier &&
      action.token === status?.token?.value &&
      action.by !== undefined,
  );
  const people = [...new Set(given.map(({ by }) => by))];
  const passed = (status?.tiers ?? []).filter(({ state }) => state === "Passed");
  return [
    ...said(`${shownAs({ metadata })}: ${spec.description}`),
    ...said(
      `${spec.app} ${spec.version}, ${brought(spec, (digest) => digest)}, pushed by ${annotations[AUTHOR_KEY] ?? "somebody the API server did not name"}`,
    ),
    ...layerLines(spec, targets, width - 4).map((line) => `    ${line}`),
    ...said(
      passed.length === 0
        ? "not verified anywhere yet"
        : `verified: ${passed.map(({ name, targets: on }) => `${TIER_NAME[name]} (${on.map((target) => `${target.name}${target.checks === undefined ? "" : ` ${target.checks} checks`}`).join(", ")})`).join(", ")}`,
    ),
    ...said(people.length === 0 ? "nobody has approved it yet" : `approved already by ${people.join(", ")}`),
  ];
}
