import { digestOf } from "../api/artifact.ts";
import type { Deployment } from "../api/deployment.ts";
import { type Layer, layerOf } from "../api/layer.ts";
import { orderKey, type OrderKeyParts, parseOrderKey } from "../api/order.ts";
import type { RecordSpec } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import type { Effect } from "../core/decision.ts";
import { HEALED } from "../core/healing.ts";
import type { SeenAgent, SeenOrder } from "../core/observed.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Way } from "../core/ways.ts";
import type { Assigning, Assignment, Reported } from "../delivery/assignment.ts";
import type { GitPlace } from "../delivery/git/target.ts";
import { endOf, lookAt, secretOf as secretOfWait } from "../delivery/wait/look.ts";
import type { Context } from "./context.ts";
import { artifactAccessOf, gitPlaceOf, kubernetesPlaceOf, secretOf } from "./places.ts";
import { reasonOf, reportedOrder, sentOrder } from "./said.ts";
import { orUnasked } from "./unasked.ts";

/** Delivery by commit and by apply, in the words of the judgement. */

type Assigned = Exclude<Way, { readonly by: "agent" }>;
type Sent = Extract<Effect, { readonly do: "deliver" | "restore" }>;

interface Reached {
  readonly deliver: (assignment: Assignment) => Promise<Assigning>;
  readonly report: (key: string) => Promise<Assigning>;
  readonly observe: () => Promise<Reported>;
}

async function reach(context: Context, way: Assigned, signal: AbortSignal): Promise<Reached> {
  const { server } = way;
  switch (way.by) {
    case "git": {
      const place = await gitPlaceOf(context, server, way.git, signal);
      const healthy = (key: string, answer: Assigning): Promise<Assigning> =>
        whenHealthy(context, way, place, key, answer, signal);
      return {
        deliver: async (assignment) => healthy(assignment.key, await context.git.deliver(place, assignment, signal)),
        report: async (key) => healthy(key, await context.git.report(place, key, signal)),
        observe: () => context.git.observe(place, signal),
      };
    }
    case "kubernetes": {
      const place = await kubernetesPlaceOf(context, server, way.kubernetes, signal);
      const accessOf = () => artifactAccessOf(context, server, way.kubernetes, signal);
      return {
        deliver: async (assignment) => {
          const access = assignment.action.do === "deliver" ? await accessOf() : undefined;
          return context.kubernetes.deliver({ ...place, ...(access && { access }) }, assignment, signal);
        },
        report: (key) => context.kubernetes.report(place, key, signal),
        observe: async () => {
          // Told before anything is begun; what is under way, such as a rollback, does not wait for a Secret that it does not need.
          if (server.status.apps?.some(({ claim }) => claim !== undefined) !== true) await accessOf();
          return context.kubernetes.observe(place, signal);
        },
      };
    }
    default:
      return unreachable(way);
  }
}

/** A commit is not there before whoever applies it says that it is, and well. */
async function whenHealthy(
  context: Context,
  { server, waitFor }: Extract<Assigned, { readonly by: "git" }>,
  place: GitPlace,
  key: string,
  answer: Assigning,
  signal: AbortSignal,
): Promise<Assigning> {
  if (answer.state !== "Answered" || waitFor === undefined) return answer;
  const { report } = answer;
  const { revision: commit } = report;
  const order = parseOrderKey(key);
  if (report.state !== "Applied" || commit === undefined || order === undefined) return answer;
  const name = secretOfWait(waitFor);
  const secret =
    name === undefined ? undefined : await secretOf(context, server, name, "the cluster to wait in", signal);
  const { now } = context;
  // A pull request is merged days after its order, and a layer has those before it to wait for: the time to become well begins with the commit.
  const committed = await context.git.committedAt(place, commit, signal);
  const deliveredAt = Math.max(begunAt(context, server, order), Math.min(committed ?? 0, now()));
  const seen = await lookAt(
    context.clusters.of(secret),
    { wait: waitFor, namespace: server.metadata.namespace, app: order.app, layer: order.layer },
    { commit, deliveredAt, contains: (applied, alive) => context.git.includes(place, commit, applied, alive) },
    context.waits,
    now(),
    signal,
  );
  const { state, reason, message } = endOf(seen, { deliveredAt }, waitFor, now());
  return { state: "Answered", report: { ...report, state, reason, message: `${report.message} ${message}` } };
}

/** What every order rests on: the record that was written before it, by the update that claims the server. */
const recordOf = ({ stores }: Context, { metadata, status }: Server, { app, sequence }: OrderKeyParts) => {
  const claim = status.apps?.find((state) => state.app === app)?.claim;
  return stores.records.store
    .by("update", claim?.uid ?? "")
    .map(({ spec }) => spec)
    .find(
      ({ to, targets }) =>
        BEGINNINGS.includes(to) && targets?.some((at) => at.uid === metadata.uid && at.sequence === sequence),
    );
};
const BEGINNINGS: readonly RecordSpec["to"][] = ["Delivering", "RollingBack"];

const begunAt = (context: Context, server: Server, order: OrderKeyParts): number => {
  const record = recordOf(context, server, order);
  return record === undefined ? context.now() : Date.parse(record.time);
};

export const askPlace = (context: Context, way: Assigned, signal: AbortSignal): Promise<SeenAgent> =>
  orUnasked<SeenAgent>(async () => {
    const answer = await (await reach(context, way, signal)).observe();
    if (answer.state === "Answered") return answer;
    return { state: "NotAnswered", reason: reasonOf(answer), message: answer.message };
  });

export const askAssignment = (context: Context, way: Assigned, key: string, signal: AbortSignal): Promise<SeenOrder> =>
  orUnasked(async () => reportedOrder(await (await reach(context, way, signal)).report(key)));

export const assign = (
  context: Context,
  deployment: Deployment,
  way: Assigned,
  sent: Sent,
  signal: AbortSignal,
): Promise<SeenOrder> =>
  orUnasked(async () => {
    const reached = await reach(context, way, signal);
    return sentOrder(await reached.deliver(assignmentOf(context, deployment, way.server, sent)));
  });

function assignmentOf(context: Context, deployment: Deployment, server: Server, sent: Sent): Assignment {
  const { metadata, spec } = deployment;
  const { order, expiresAt } = sent;
  const record = recordOf(context, server, order);
  return {
    key: orderKey(order),
    app: order.app,
    layer: order.layer,
    sequence: order.sequence,
    ...(sent.do === "deliver"
      ? deliverOf(layerOf(deployment, order.layer))
      : {
          version: sent.release.version,
          digest: sent.release.digest,
          action: { do: "restore", undoes: sent.release.undoes },
        }),
    update: { name: metadata.name, uid: metadata.uid, description: spec.description },
    ...(record?.reason === HEALED && { heals: true }),
    ...(record?.token !== undefined && { token: record.token.slice(0, 16) }),
    approvers: [...new Set((record?.approvals ?? []).map(({ user }) => user))],
    expiresAt,
  };
}

const deliverOf = ({ version, artifact }: Layer): Pick<Assignment, "version" | "digest" | "action"> => ({
  version,
  digest: digestOf(artifact),
  action: { do: "deliver", artifact },
});
