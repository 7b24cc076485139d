import { afterAll, beforeAll, expect } from "vitest";
import { actionKey } from "../../src/api/actions.ts";
import { type Flux, startFlux } from "../cluster/flux.ts";
import { issue } from "../cluster/pki.ts";
import { progressLine } from "../cluster/progress.ts";
import { type GitServer, startGitServer } from "./git-server.ts";
import { type GitSync, syncFromGit } from "./git-sync.ts";
import type { Room } from "./room.ts";
import type { openScene } from "./scene.ts";

const CREDENTIALS = { username: "flux", password: "what-flux-reads-with" };

export interface SyncedRoom {
  readonly room: Room;
  readonly sync: GitSync;
}

/** The rules for Flux, as they are shipped. */
const RULES = new URL("../../manifests/flux/health-check-exprs.yaml", import.meta.url).pathname;

/** What an approver commits on top of what an author did. */
export const withApproval = (it: object, value: string): object => {
  const { metadata, ...rest } = it as { readonly metadata: object };
  return { ...rest, metadata: { ...metadata, annotations: { [actionKey("approve", "omega")]: value } } };
};

const here = <T>(part: T | undefined): T => {
  if (part === undefined) throw new Error("Flux runs before the first test");
  return part;
};

/** A scene with a Git server and Flux in it: each situation has a room, and a repository that Flux applies to that room. */
export const openFluxScene = (scene: ReturnType<typeof openScene>) => {
  const syncs: GitSync[] = [];
  let flux: Flux | undefined;
  let git: GitServer | undefined;
  // A first build of Flux is most of this.
  beforeAll(async () => {
    const { ca, dir } = scene.world();
    const certificate = await issue(ca, { commonName: "git", ips: ["127.0.0.1"] });
    git = await startGitServer({ certificate, credentials: CREDENTIALS });
    flux = await startFlux(scene.cluster, dir, (progress) => console.error(progressLine(progress)));
  }, 1_200_000);
  afterAll(async () => {
    // Before the rooms close: Flux would bring back what is deleted there.
    await Promise.all(syncs.map((sync) => sync.stop()));
    await flux?.stop();
    await git?.stop();
  });
  return {
    flux: () => here(flux),
    /** Reconciles three times and expects that nothing of the update was written meanwhile, by Flux, by a policy or by the operator. */
    expectRest: async ({ room, sync }: SyncedRoom, name: string): Promise<void> => {
      const { metadata } = await room.update(name);
      for (let times = 0; times < 3; times += 1) await sync.reconcile();
      const now = (await room.update(name)).metadata;
      expect(now).toMatchObject({
        resourceVersion: metadata.resourceVersion,
        annotations: metadata.annotations ?? {},
      });
    },
    /** Flux waits for what is applied, by the rules that are shipped and by the command that stands in them. */
    waitByRules: async ({ room, sync }: SyncedRoom): Promise<void> => {
      const patch = ["patch", `kustomizations.kustomize.toolkit.fluxcd.io/${sync.name}`, "-n", room.namespace];
      await scene.cluster.kubectl([...patch, "--type=merge", `--patch-file=${RULES}`]);
    },
    room: async (prefix: string, spec?: object): Promise<SyncedRoom> => {
      const room = await scene.room(prefix);
      const sync = await syncFromGit({
        cluster: scene.cluster,
        client: scene.client(),
        namespace: room.namespace,
        name: prefix,
        repository: await here(git).repository(room.namespace),
        caPem: scene.world().ca.certPem,
        credentials: CREDENTIALS,
        ...(spec !== undefined && { spec }),
      });
      syncs.push(sync);
      return { room, sync };
    },
  };
};
