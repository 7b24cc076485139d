import type { Mainframe } from "../api/mainframe.ts";
import { type AgentStatus, type OrderClaims, orderKey, type OrderKeyParts } from "../api/order.ts";
import type { TargetReport } from "../api/report.ts";
import type { Deployment } from "../api/deployment.ts";
import { layerOf } from "../api/layer.ts";
import type { Server } from "../api/server.ts";
import type { Effect } from "../core/decision.ts";
import type { SeenAgent, SeenLicence, SeenOrder } from "../core/observed.ts";
import { wayTo } from "../core/ways.ts";
import { judgeLicence } from "../licence/licence.ts";
import { signOrder, signRead } from "../licence/sign.ts";
import { createAsking } from "../runtime/asking.ts";
import { askAssignment, askPlace, assign } from "./assignments.ts";
import type { Context } from "./context.ts";
import { reasonOf, reportedOrder, sentOrder } from "./said.ts";
import { agentOf } from "./trust.ts";
import { orUnasked } from "./unasked.ts";

/** Talks to targets, by their agents where they have one, and says what they said in the words of the judgement. Trouble of a target is data. */

const audience = ({ metadata }: Server | Mainframe): string => `${metadata.namespace}/${metadata.name}`;

/** Who asks what a target runs; an update leaves one alone that was silent just now, so that a few of them cannot hold up all. */
export function askAgent(
  context: Context,
  target: Server | Mainframe,
  signal: AbortSignal,
  how: "UnlessSilent" | "Anyway" = "UnlessSilent",
): Promise<SeenAgent> {
  const { uid, generation } = target.metadata;
  const ask = how === "Anyway" ? context.asking.agents.ask : context.asking.agents.askUnlessSilent;
  return ask(`${uid} ${generation}`, (alive) => observeAgent(context, target, alive), signal);
}

function observeAgent(context: Context, target: Server | Mainframe, signal: AbortSignal): Promise<SeenAgent> {
  const way = wayTo(target);
  if (way.by !== "agent") return askPlace(context, way, signal);
  return orUnasked<SeenAgent>(async () => {
    const answer = await context.agents.observe(
      await agentOf(context, target, signal),
      await readToken(context, target),
      signal,
    );
    if (answer.state !== "Answered") return { state: "NotAnswered", reason: reasonOf(answer), message: answer.message };
    const named = answer.status.agent.name;
    if (named !== audience(target))
      return {
        state: "NotAnswered",
        reason: "WrongAgent",
        message: `the agent there is that of ${named}, not of ${audience(target)}`,
      };
    return { state: "Answered", status: reportOf(answer.status) };
  });
}

const named = <R extends { readonly digest: string }>(release: R): R => ({
  ...release,
  digest: `sha256:${release.digest}`,
});

/** Agents know archives only, by the bare SHA-256. */
function reportOf({ agent, apps, seen }: AgentStatus): TargetReport {
  return {
    version: agent.version,
    apps: apps.map(({ previous, ...app }) => ({ ...named(app), ...(previous && { previous: named(previous) }) })),
    seen,
  };
}

export function askOrder(
  context: Context,
  target: Server | Mainframe,
  key: string,
  signal: AbortSignal,
): Promise<SeenOrder> {
  const way = wayTo(target);
  const report = async (alive: AbortSignal): Promise<SeenOrder> =>
    reportedOrder(
      await context.agents.report(await agentOf(context, target, alive), key, await readToken(context, target), alive),
    );
  return context.asking.orders.ask(
    `${key} ${target.metadata.generation}`,
    (alive) => (way.by === "agent" ? orUnasked(() => report(alive)) : askAssignment(context, way, key, alive)),
    signal,
  );
}

const isSilence = ({ state }: SeenAgent | SeenOrder): boolean => state === "NotAnswered";

/** One question per target at a time, whoever asks; only a silence is remembered, because good answers age. */
export const createAgentAsking = (
  { settings, now }: Pick<Context, "settings" | "now">,
  stop: AbortSignal,
): Context["asking"] => ({
  agents: createAsking<SeenAgent>({ isSilence, quietMs: settings.retryMs, now, stop }),
  orders: createAsking<SeenOrder>({ isSilence, quietMs: 0, now, stop }),
});

type Sent<Do> = Extract<Effect, { readonly do: Do }>;

export async function sendOrder(
  context: Context,
  deployment: Deployment,
  sent: Sent<"deliver">,
  signal: AbortSignal,
): Promise<SeenOrder> {
  const { target, order, expiresAt } = sent;
  const way = wayTo(target);
  if (way.by !== "agent") return assign(context, deployment, way, sent, signal);
  const { version, artifact } = layerOf(deployment, order.layer);
  const { archive } = artifact;
  if (archive === undefined)
    throw new Error(`${deployment.metadata.name} brings no archive, and an agent takes nothing else`);
  return send(
    context,
    target,
    {
      ...claimsOf(context, deployment, target, order, expiresAt),
      action: "deliver",
      version,
      url: archive.url,
      sha256: archive.sha256,
      snapshot: snapshotOf(target, order.sequence),
      ...(target.kind === "Mainframe" && target.spec.licence !== undefined && { licence: target.spec.licence }),
    },
    signal,
  );
}

/** Putting back needs neither an archive nor a licence: the agent kept what it is to run. */
export function sendRestore(
  context: Context,
  deployment: Deployment,
  sent: Sent<"restore">,
  signal: AbortSignal,
): Promise<SeenOrder> {
  const { target, order, release, expiresAt } = sent;
  const way = wayTo(target);
  if (way.by !== "agent") return assign(context, deployment, way, sent, signal);
  return send(
    context,
    target,
    {
      ...claimsOf(context, deployment, target, order, expiresAt),
      action: "restore",
      version: release.version,
      sha256: release.digest.replace(/^sha256:/, ""),
      snapshot: snapshotOf(target, release.undoes),
    },
    signal,
  );
}

/** What every order says: for whom, of which update, and for how long. */
const claimsOf = (
  context: Context,
  { metadata }: Deployment,
  target: Server | Mainframe,
  order: OrderKeyParts,
  expiresAt: number,
) => ({
  aud: audience(target),
  key: orderKey(order),
  deployment: metadata.uid,
  app: order.app,
  layer: order.layer,
  sequence: order.sequence,
  nbf: Math.floor(context.now() / 1000) - 60,
  // Rounded down: when the operator gives up, the agent has given up before it.
  exp: Math.floor(expiresAt / 1000),
});

/** What was there before the order of this sequence. */
const snapshotOf = ({ metadata }: Server | Mainframe, sequence: number): string =>
  `${metadata.name}-${String(sequence).padStart(6, "0")}`;

const send = (
  context: Context,
  target: Server | Mainframe,
  claims: OrderClaims,
  signal: AbortSignal,
): Promise<SeenOrder> =>
  orUnasked(async () => {
    const jws = await signOrder(context.orderKey, claims);
    const order = { key: claims.key, jws };
    return sentOrder(await context.agents.deliver(await agentOf(context, target, signal), order, signal));
  });

export async function seeLicence(context: Context, mainframe: Mainframe, version?: string): Promise<SeenLicence> {
  const text = await context.licences(mainframe.spec.licence);
  const verdict = judgeLicence(text, { mainframe: audience(mainframe), version, now: new Date(context.licensedAt()) });
  return verdict.valid ? { valid: true, holder: verdict.licence.holder } : verdict;
}

const readToken = (context: Context, target: Server | Mainframe): Promise<string> =>
  signRead(context.orderKey, { aud: audience(target), now: new Date(context.now()) });
