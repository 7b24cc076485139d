import { isDeepStrictEqual } from "node:util";
import type { RecordSpec } from "../api/record.ts";
import { wellFormed } from "../api/well-formed.ts";
import { decide } from "../core/decide.ts";
import type { Decision } from "../core/decision.ts";
import { unreachable } from "../core/unreachable.ts";
import { key as keyFor } from "../runtime/kind.ts";
import { again, FORGET, type Outcome, WAIT } from "../runtime/outcome.ts";
import { act } from "./act.ts";
import type { Context } from "./context.ts";
import { sayFarewell } from "./farewell.ts";
import { forgetAgents, hear, type Heard, NOTHING_HEARD } from "./heard.ts";
import { DEPLOYMENTS, type Raw } from "./kinds.ts";
import { cached, chain, listen, live, observe } from "./observe.ts";

/** A fleet takes more: then others have their turn in between. */
const ROUNDS = 60;

/** Observe, decide, and do what was decided, until the judgement rests; then the status, last and whole. */
export async function reconcileDeployment(context: Context, key: string, signal: AbortSignal): Promise<Outcome> {
  const raw = context.stores.deployments.store.get(key);
  await sayFarewell(context, key, raw, signal);
  if (raw === undefined) return FORGET;

  let objects = cached(context, raw);
  let heard: Heard = NOTHING_HEARD;
  let length = 0;
  let done = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const known = chain(objects.records, raw.metadata.uid);
    // A farewell is written when the API server has it no more: what was read of it before is not told to anybody.
    if (known.at(-1)?.to === "Deleted") return WAIT;
    // Whoever wrote them: another leader may have come further while an agent's answer was on its way here.
    if (known.length !== length) heard = forgetAgents(heard);
    length = known.length;
    const observed = await observe(context, objects, heard);
    const decision: Decision = decide(observed, context.now());
    switch (decision.kind) {
      case "look": {
        if (decision.look.live) {
          const read = await live(context, raw, signal);
          if (read === undefined) return WAIT;
          objects = read;
        }
        heard = hear(heard, await listen(context, observed, decision.look, signal));
        objects = { ...objects, proven: objects.live && (objects.proven || decision.look.policies) };
        break;
      }
      case "act": {
        heard = hear(heard, await act(context, observed.deployment, decision.effects, signal));
        done += decision.effects.length;
        const now = context.stores.deployments.store.get(key);
        // Gone meanwhile, or another one of its name: that is another reconcile's.
        if (now?.metadata.uid !== raw.metadata.uid) return WAIT;
        objects = cached(context, now);
        break;
      }
      case "rest":
        await say(context, objects.raw, observed.records, decision, signal);
        return decision.wakeAt === undefined ? WAIT : again(Math.max(0, decision.wakeAt - context.now()));
      default:
        return unreachable(decision);
    }
  }
  if (done > 0) return again(0);
  throw new Error(`deployment ${key} is decided on in circles: ${ROUNDS} rounds did not come to rest`);
}

/** The event first, the status last: a crash in between tells the same event under the same name again. */
async function say(
  context: Context,
  raw: Raw,
  records: readonly RecordSpec[],
  decision: Extract<Decision, { kind: "rest" }>,
  signal: AbortSignal,
): Promise<void> {
  const { event, warnings = [] } = decision;
  // As it comes back over the wire, so that nothing is written when nothing changed.
  const status = wellFormed(decision.status);
  if (isDeepStrictEqual(raw.status, status)) return;
  context.notifications.saying(raw, status, records);
  for (const { type, reason, note, content } of event === undefined ? warnings : [...warnings, event])
    await context.tell(
      {
        about: raw,
        type,
        reason,
        action: status.tier ?? "Update",
        note,
        content: content ?? [status.tier ?? "", status.records?.head ?? ""],
      },
      signal,
    );
  context.stores.deployments.put(await context.client.replaceStatus(DEPLOYMENTS, raw, status, { signal }));
  context.work.said(raw.status ?? {}, status);
}

export const keyOfRecord = (record: {
  readonly metadata: { readonly namespace?: string };
  readonly spec: { readonly deployment: { readonly name: string } };
}): string => keyFor(record.metadata.namespace, record.spec.deployment.name);
