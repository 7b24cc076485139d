import { LABEL } from "../api/group.ts";
import { decideGone } from "../core/gone.ts";
import type { SeenTarget } from "../core/observed.ts";
import { splitKey } from "../runtime/kind.ts";
import { letGo, type LettingGo } from "./act.ts";
import { seeJobs } from "./jobs.ts";
import { DEPLOYMENTS, type Raw, type RawRecord, RECORDS } from "./kinds.ts";
import { chain } from "./observe.ts";
import { parseMainframe, parseServer } from "./parse.ts";
import type { Context } from "./context.ts";

type Parting = LettingGo & Pick<Context, "now" | "seal">;

/** Lets go what updates of this name held whose Deployment is not there any more. */
export async function sayFarewell(
  context: Parting,
  key: string,
  raw: Raw | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { client, stores, now, seal } = context;
  const { namespace = "", name } = splitKey(key);
  const records = stores.records.store.by("name", key);
  const uids = new Set(records.map((record) => record.spec.deployment.uid).filter((uid) => uid !== raw?.metadata.uid));
  for (const uid of uids) {
    const left = (known: readonly RawRecord[]) => {
      const targets = [
        ...stores.servers.store.by("namespace", namespace).map(parseServer),
        ...stores.mainframes.store.by("namespace", namespace).map(parseMainframe),
      ];
      const seen = targets.map((target): SeenTarget => ({ target, agent: { state: "NotAsked" }, orders: {} }));
      const jobs = seeJobs(stores.jobs.store.by("update", uid), stores.pods.store.by("update", uid), uid, seal);
      return decideGone({ uid, records: chain(known, uid), targets: seen, jobs }, now());
    };
    if (left(records).length === 0 || (await stands(context, { name, namespace, uid }, signal))) continue;
    // Where its namespace was wiped the chain is gone with it, and has no end that could be written.
    const labelSelector = `${LABEL.deploymentUid}=${uid}`;
    const { items } = await client.list(RECORDS, { namespace, labelSelector }, { signal });
    await letGo(context, namespace, left(items), signal);
  }
}

/** Whether the update is there after all: its records may be known before it is, and a farewell is for good. */
async function stands(
  { client }: Pick<Context, "client">,
  { uid, ...at }: { readonly name: string; readonly namespace: string; readonly uid: string },
  signal: AbortSignal,
): Promise<boolean> {
  const read = await client.find(DEPLOYMENTS, at, { signal });
  return read?.metadata.uid === uid;
}
