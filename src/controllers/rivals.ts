import type { Deployment } from "../api/deployment.ts";
import { LABEL } from "../api/group.ts";
import type { RecordSpec } from "../api/record.ts";
import { endOf } from "../core/moves.ts";
import type { Rival, SeenTarget } from "../core/observed.ts";
import { hasBegun, progressOf } from "../core/progress.ts";
import { newerOnes, rivalOf } from "../core/queue.ts";
import { currentTier } from "../core/tiers.ts";
import { quarantineOf } from "../core/token.ts";
import type { Context } from "./context.ts";
import { artifactLabels, DEPLOYMENTS, type Raw, type RawRecord, RECORDS } from "./kinds.ts";
import { parseDeployment, UnreadableObject } from "./parse.ts";
import type { Stores } from "./stores.ts";

type Views = { readonly [K in "deployments" | "records"]: Pick<Stores[K], "store"> };

/** The other updates of the same app as the stores have them; one that is through costs no more than a look at its newest record. */
export function rivalsOf(
  { stores }: { readonly stores: Views },
  { metadata, spec }: Deployment,
  targets: readonly SeenTarget[],
  gone: ReadonlySet<string>,
): readonly Rival[] {
  return stores.deployments.store.by("namespace", metadata.namespace).flatMap((raw): Rival[] => {
    const { uid, deletionTimestamp } = raw.metadata;
    if (uid === metadata.uid || deletionTimestamp !== undefined || gone.has(uid)) return [];
    const records = stores.records.store.by("update", uid).map((record) => record.spec);
    if (isThrough(records)) return [];
    const other = readable(raw);
    if (other?.spec.app !== spec.app) return [];
    const rival = rivalOf(
      records.sort((a, b) => a.seq - b.seq),
      targets,
    );
    return rival === undefined ? [] : [{ ...rival, quarantined: isQuarantined(stores, other) }];
  });
}

/** Reads what would supersede this update from the API server itself, into the stores; the uids of those that are not there any more. */
export async function readRivals(
  context: Pick<Context, "stores" | "client">,
  deployment: Deployment,
  { records, targets }: { readonly records: readonly RecordSpec[]; readonly targets: readonly SeenTarget[] },
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { stores, client } = context;
  const progress = progressOf(records);
  const tier = currentTier(progress, targets);
  if (tier === undefined || hasBegun(progress.tiers[tier])) return new Set();
  const { namespace } = deployment.metadata;
  const newer = newerOnes(deployment.spec, tier, rivalsOf(context, deployment, targets, new Set()));
  const gone = await Promise.all(
    newer.map(async ({ name, uid }): Promise<readonly string[]> => {
      const read = await client.find(DEPLOYMENTS, { namespace, name }, { signal });
      if (read?.metadata.uid !== uid) return [uid];
      stores.deployments.put(read);
      const { items } = await client.list(
        RECORDS,
        { namespace, labelSelector: `${LABEL.deploymentUid}=${uid}` },
        { signal },
      );
      for (const record of items) stores.records.put(record);
      return [];
    }),
  );
  return new Set(gone.flat());
}

function isThrough(records: readonly RecordSpec[]): boolean {
  const head = records.reduce<RecordSpec | undefined>((a, b) => (a === undefined || b.seq > a.seq ? b : a), undefined);
  if (head === undefined) return true;
  return (
    (head.targets === undefined && endOf(head.to) !== undefined) ||
    (head.tier === "mainframes" && head.completes === true)
  );
}

/** What the stores have of the artifacts that an update brings, whichever update the records are of. */
export const recordsOfArtifacts = (
  { records }: Pick<Views, "records">,
  { metadata, spec }: Deployment,
): readonly RawRecord[] =>
  artifactLabels(spec).flatMap((label) => records.store.by("artifact", `${metadata.namespace}/${label}`));

const isQuarantined = (views: Views, deployment: Deployment): boolean => {
  const { uid } = deployment.metadata;
  const others = recordsOfArtifacts(views, deployment)
    .map((record) => record.spec)
    .filter((spec) => spec.deployment.uid !== uid);
  return quarantineOf({ deployment, others }) !== undefined;
};

/** What this version cannot read is nobody's rival; its own reconcile says so. */
function readable(raw: Raw): Deployment | undefined {
  try {
    return parseDeployment(raw);
  } catch (error) {
    if (error instanceof UnreadableObject) return undefined;
    throw error;
  }
}
