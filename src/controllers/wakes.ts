import { LABEL } from "../api/group.ts";
import type { Server } from "../api/server.ts";
import { endOf } from "../core/moves.ts";
import { isUnderWay, progressOf } from "../core/progress.ts";
import { DRIFTED } from "../core/target.ts";
import type { KubeObject } from "../kube/types.ts";
import { key as keyFor, keyOf } from "../runtime/kind.ts";
import { keyOfRecord } from "./deployment.ts";
import type { Job, Pod, Raw, RawRecord } from "./kinds.ts";
import { isNews, isNewsOfTarget } from "./news.ts";
import { chain } from "./observe.ts";
import type { Stores } from "./stores.ts";

/** Who is looked at again. */
export interface Wake {
  readonly who: "update" | "server" | "mainframe";
  readonly key: string;
}

type Views = { readonly [K in keyof Stores]: Pick<Stores[K], "store"> };
type Watched<T> = (now: T | undefined, before: T | undefined, stores: Views) => readonly Wake[];

/** Whom a change of an object wakes, by what is watched. */
export const WAKES: {
  readonly deployments: Watched<Raw>;
  readonly servers: Watched<Raw>;
  readonly mainframes: Watched<Raw>;
  readonly records: Watched<RawRecord>;
  readonly jobs: Watched<Job>;
  readonly pods: Watched<Pod>;
} = {
  deployments: (now, before) => (isNews(now, before) ? itself("update", now ?? before) : []),
  servers: (now, before, stores) => [
    ...(isNewsOfTarget(now, before) ? itself("server", now ?? before) : []),
    ...updatesUnderWay(stores, now ?? before),
    ...updatesThatHeal(now),
    ...updatesThatRan(now, before),
    ...(isNews(now, before) ? mainframesBeside(stores, now ?? before) : []),
  ],
  mainframes: (now, before, stores) => [
    ...(isNewsOfTarget(now, before) ? itself("mainframe", now ?? before) : []),
    ...updatesUnderWay(stores, now ?? before),
    ...updatesThatHeal(now),
    ...updatesThatRan(now, before),
  ],
  records: (now, _, stores) => {
    if (now === undefined) return [];
    return [{ who: "update", key: keyOfRecord(now) }, ...(isOthers(now.spec) ? updatesUnderWay(stores, now) : [])];
  },
  jobs: (now, before) => updateNamedBy(now ?? before),
  pods: (now, before) => updateNamedBy(now ?? before),
};

/** What is held on Public gives way to a newer update; what has passed a tier may overtake; what has ended lets the next one go on. */
const isOthers = ({ to, completes, targets }: RawRecord["spec"]): boolean =>
  to === "Held" || completes === true || (targets === undefined && endOf(to) !== undefined);

/** Whom it wakes that the admission policies are seen to be in force, or no more. */
export const wakesOfPolicies = (namespace: string, stores: Views): readonly Wake[] => [
  ...stores.servers.store.by("namespace", namespace).flatMap((raw) => itself("server", raw)),
  ...updatesIn(stores, namespace),
];

const itself = (who: Wake["who"], object: KubeObject | undefined): readonly Wake[] =>
  object === undefined ? [] : [{ who, key: keyOf(object) }];

const updatesUnderWay = (stores: Views, beside: KubeObject | undefined): readonly Wake[] =>
  updatesIn(stores, beside?.metadata.namespace ?? "");

/** An update that has ended is looked at again when it changes itself, not when its surroundings do. */
const updatesIn = (stores: Views, namespace: string): readonly Wake[] =>
  stores.deployments.store.by("namespace", namespace).flatMap((raw) => {
    const { uid } = raw.metadata;
    const progress = progressOf(chain(stores.records.store.by("update", uid), uid));
    return isUnderWay(progress) ? itself("update", raw) : [];
  });

/** What runs something else than was delivered is put right by the updates that brought it, where the target says so. */
function updatesThatHeal(raw: Raw | undefined): readonly Wake[] {
  const { spec, status, metadata } = (raw ?? {}) as Partial<Pick<Server, "spec" | "status" | "metadata">>;
  if (spec?.drift !== "Heal" || status?.conditions?.some(({ type }) => type === DRIFTED) !== true) return [];
  return (status.apps ?? []).flatMap(({ deployment }) =>
    deployment === undefined ? [] : [{ who: "update" as const, key: keyFor(metadata?.namespace, deployment) }],
  );
}

const ran = (raw: Raw | undefined): readonly string[] =>
  ((raw?.status as Server["status"] | undefined)?.apps ?? []).flatMap(({ deployment }) => deployment ?? []);

/** What ran there, and what runs there now: whether they can be rolled back, and by which token, has changed for both. */
function updatesThatRan(now: Raw | undefined, before: Raw | undefined): readonly Wake[] {
  const [old, next] = [ran(before), ran(now)];
  const changed = [...old.filter((name) => !next.includes(name)), ...next.filter((name) => !old.includes(name))];
  return before === undefined
    ? []
    : changed.map((name) => ({ who: "update", key: keyFor((now ?? before).metadata.namespace, name) }));
}

const mainframesBeside = (stores: Views, server: KubeObject | undefined): readonly Wake[] =>
  stores.mainframes.store.by("namespace", server?.metadata.namespace ?? "").flatMap((raw) => itself("mainframe", raw));

const updateNamedBy = (object: KubeObject | undefined): readonly Wake[] => {
  const name = object?.metadata.labels?.[LABEL.deployment];
  return name === undefined ? [] : [{ who: "update", key: keyFor(object?.metadata.namespace, name) }];
};

/** Wakes for everything that is there now and for every change from now on. */
export function subscribe(stores: Stores, wake: (wakes: readonly Wake[]) => void): void {
  stores.deployments.subscribe((_, now, before) => wake(WAKES.deployments(now, before, stores)));
  stores.servers.subscribe((_, now, before) => wake(WAKES.servers(now, before, stores)));
  stores.mainframes.subscribe((_, now, before) => wake(WAKES.mainframes(now, before, stores)));
  stores.records.subscribe((_, now, before) => wake(WAKES.records(now, before, stores)));
  stores.jobs.subscribe((_, now, before) => wake(WAKES.jobs(now, before, stores)));
  stores.pods.subscribe((_, now, before) => wake(WAKES.pods(now, before, stores)));
  for (const raw of stores.deployments.store.all()) wake(itself("update", raw));
  for (const raw of stores.servers.store.all()) wake(itself("server", raw));
  for (const raw of stores.mainframes.store.all()) wake(itself("mainframe", raw));
  // Also those of updates that are gone, which nobody else would let go.
  for (const record of stores.records.store.all()) wake([{ who: "update", key: keyOfRecord(record) }]);
}
