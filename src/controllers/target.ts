import { isDeepStrictEqual } from "node:util";
import type { Mainframe } from "../api/mainframe.ts";
import { requiredApprovals, type Server } from "../api/server.ts";
import type { SeenAgent, SeenPolicies } from "../core/observed.ts";
import { statusOfTarget } from "../core/target.ts";
import { key as keyFor } from "../runtime/kind.ts";
import { again, FORGET, type Outcome } from "../runtime/outcome.ts";
import { askAgent, seeLicence } from "./agents.ts";
import type { Context } from "./context.ts";
import { MAINFRAMES, type Raw, SERVERS } from "./kinds.ts";
import { parseMainframe, parseServer } from "./parse.ts";

/** How often a target is asked how it is when nothing else makes it be looked at. */
const LOOK_MS = 20_000;

export async function reconcileServer(context: Context, key: string, signal: AbortSignal): Promise<Outcome> {
  const raw = context.stores.servers.store.get(key);
  if (raw === undefined) return FORGET;
  const target = parseServer(raw);
  const agent: SeenAgent =
    (target.spec.git ?? target.spec.kubernetes) === undefined
      ? await askAgent(context, target, signal, "Anyway")
      : { state: "NotAsked" };
  const status = statusOfTarget({ target, agent, policies: await policiesFor(context, target, signal) }, context.now());
  if (differs(raw, status))
    context.stores.servers.put(await context.client.replaceStatus(SERVERS, target, status, { signal }));
  return again(LOOK_MS);
}

/** A server whose approvals count says whether they can be trusted, also where no update has asked yet. */
function policiesFor(
  { policies }: Context,
  { metadata, spec }: Server,
  signal: AbortSignal,
): SeenPolicies | Promise<SeenPolicies> {
  const known = policies.known(metadata.namespace);
  return known.state === "NotAsked" && isGated(spec) ? policies.read(metadata.namespace, signal) : known;
}

const isGated = (spec: Server["spec"]): boolean => requiredApprovals(spec) > 0 || spec.approval.mainframes.required > 0;

export async function reconcileMainframe(context: Context, key: string, signal: AbortSignal): Promise<Outcome> {
  const raw = context.stores.mainframes.store.get(key);
  if (raw === undefined) return FORGET;
  const target = parseMainframe(raw);
  const omega = context.stores.servers.store.get(keyFor(target.metadata.namespace, target.spec.omega));
  const omegaExists = omega !== undefined && parseServer(omega).spec.tier === "Omega";
  const [agent, licence] = await Promise.all([
    askAgent(context, target, signal, "Anyway"),
    seeLicence(context, target),
  ]);
  const status = statusOfTarget(
    { target, agent, licence, omegaExists, policies: context.policies.known(target.metadata.namespace) },
    context.now(),
  );
  if (differs(raw, status))
    context.stores.mainframes.put(await context.client.replaceStatus(MAINFRAMES, target, status, { signal }));
  return again(LOOK_MS);
}

/** Claims are written by another reconcile meanwhile; the version precondition makes the later one look again. */
const differs = (raw: Raw, status: (Server | Mainframe)["status"]): boolean =>
  !isDeepStrictEqual(raw.status, JSON.parse(JSON.stringify(status)));
