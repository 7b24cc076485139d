import { randomUUID } from "node:crypto";
import { stringify } from "yaml";
import type { Client } from "../../src/kube/client.ts";
import type { KubeObject, Resource } from "../../src/kube/types.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { type Patience, until } from "../cluster/until.ts";
import type { Files } from "./git-repository.ts";
import type { GitServerOptions, ServedRepository } from "./git-server.ts";

/** A path of a repository that Flux applies: what a team has that keeps its updates in Git. */
export interface GitSync {
  readonly name: string;
  readonly repository: ServedRepository;
  /** Commits objects, one per file, under the path; `null` takes the file away. Returns when Flux has begun with that revision. */
  readonly push: (files: Readonly<Record<string, Manifest | null>>, message?: string) => Promise<string>;
  /** Asks for another reconcile, as `flux reconcile kustomization` does, and waits until it is over; gives how it ended. */
  readonly reconcile: () => Promise<Kustomization>;
  readonly status: () => Promise<Kustomization>;
  /** Waits until its condition Ready is about this revision, which is when `wait: true` waits no more. */
  readonly settled: (
    revision: string,
    patience?: Patience,
  ) => Promise<{ readonly status: string; readonly message: string }>;
  /** Takes the sync away, and with it what it applied, where it prunes. */
  readonly stop: () => Promise<void>;
}

export type Manifest = object | string;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export interface Kustomization extends KubeObject {
  readonly status?: {
    readonly lastAttemptedRevision?: string;
    readonly lastAppliedRevision?: string;
    readonly lastHandledReconcileAt?: string;
    readonly conditions?: readonly Condition[];
    /** Newest first. */
    readonly history?: readonly { readonly lastReconciledStatus: string }[];
    readonly inventory?: { readonly entries?: readonly { readonly id: string }[] };
  };
}

const flux = <T extends KubeObject>(group: string, kind: string, plural: string): Resource<T> => ({
  group: `${group}.toolkit.fluxcd.io`,
  version: "v1",
  plural,
  kind,
  namespaced: true,
});
const KUSTOMIZATIONS = flux<Kustomization>("kustomize", "Kustomization", "kustomizations");
const REPOSITORIES = flux("source", "GitRepository", "gitrepositories");
const ASKED = "reconcile.fluxcd.io/requestedAt";

export interface SyncOptions {
  readonly cluster: ClusterAccess;
  readonly client: Client;
  readonly namespace: string;
  readonly name: string;
  readonly repository: ServedRepository;
  readonly caPem: string;
  readonly credentials: NonNullable<GitServerOptions["credentials"]>;
  /** More of `spec` of the Kustomization. */
  readonly spec?: object;
}

const text = (manifest: Manifest): string => (typeof manifest === "string" ? manifest : stringify(manifest));

/** What it says of itself now; while it works it says nothing. */
const ready = ({ metadata: { generation }, status: said }: Kustomization): Condition | undefined =>
  said?.conditions?.find(
    ({ type, status: is, observedGeneration }) =>
      type === "Ready" && is !== "Unknown" && observedGeneration === generation,
  );

export async function syncFromGit(options: SyncOptions): Promise<GitSync> {
  const { cluster, client, namespace, name, repository, caPem, credentials, spec = {} } = options;
  const path = "apps";
  const filesIn = (files: Readonly<Record<string, Manifest | null>>): Files =>
    Object.fromEntries(Object.entries(files).map(([file, it]) => [`${path}/${file}`, it === null ? null : text(it)]));
  await repository.commit({ [`${path}/.keep`]: "" }, "A place for updates");
  const metadata = { namespace, name };
  const items = [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace, name: `${name}-git` },
      stringData: { username: credentials.username ?? "git", password: credentials.password, "ca.crt": caPem },
    },
    {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata,
      spec: {
        url: repository.url,
        ref: { branch: repository.branch },
        interval: "1h",
        secretRef: { name: `${name}-git` },
      },
    },
    {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata,
      spec: {
        sourceRef: { kind: "GitRepository", name },
        path: `./${path}`,
        interval: "1h",
        retryInterval: "2s",
        timeout: "2m",
        prune: true,
        ...spec,
      },
    },
  ];
  await cluster.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
  const status = (): Promise<Kustomization> => client.get(KUSTOMIZATIONS, metadata);
  const ask = (resource: Resource): Promise<KubeObject> =>
    client.mergePatch(resource, metadata, { metadata: { annotations: { [ASKED]: randomUUID() } } });
  const untilSaid = <T>(what: string, hope: (now: Kustomization) => T | undefined, patience?: Patience): Promise<T> =>
    until(
      `Kustomization ${name} ${what}`,
      async () => {
        const now = await status();
        const found = hope(now);
        if (found === undefined) throw new Error(`it says ${JSON.stringify(now.status, null, 1)}`);
        return found;
      },
      { timeoutMs: 60_000, everyMs: 200, ...patience },
    );
  return {
    name,
    repository,
    status,
    push: async (files, message) => {
      const revision = await repository.commit(filesIn(files), message);
      await ask(REPOSITORIES);
      await untilSaid(`began with ${revision}`, (now) =>
        now.status?.lastAttemptedRevision?.endsWith(revision) === true ? true : undefined,
      );
      return revision;
    },
    reconcile: async () => {
      const { metadata: asked } = await ask(KUSTOMIZATIONS);
      const token = asked.annotations?.[ASKED];
      return untilSaid("was reconciled", (now) =>
        now.status?.lastHandledReconcileAt === token && ready(now) !== undefined ? now : undefined,
      );
    },
    settled: (revision, patience) =>
      untilSaid(
        `settled at ${revision}`,
        (now) => (now.status?.lastAttemptedRevision?.endsWith(revision) === true ? ready(now) : undefined),
        patience,
      ),
    stop: async () => {
      await cluster.kubectl(["delete", `kustomizations.kustomize.toolkit.fluxcd.io/${name}`, "-n", namespace]);
      await cluster.kubectl(["delete", `gitrepositories.source.toolkit.fluxcd.io/${name}`, "-n", namespace]);
    },
  };
}
