import { afterAll, beforeAll, expect } from "vitest";
import { actionKey } from "../../src/api/actions.ts";
import type { GitSync } from "./git-sync.ts";
import { type Gitops, startGitops } from "./gitops.ts";
import type { Room } from "./room.ts";
import type { openScene } from "./scene.ts";

export interface SyncedRoom {
  readonly room: Room;
  readonly sync: GitSync;
}

/** What an approver commits on top of what an author did. */
export const withApproval = (it: object, value: string): object => {
  const { metadata, ...rest } = it as { readonly metadata: object };
  return { ...rest, metadata: { ...metadata, annotations: { [actionKey("approve", "omega")]: value } } };
};

/** A scene with a Git server and Flux in it: each situation has a room, and a repository that Flux applies to that room. */
export const openFluxScene = (scene: ReturnType<typeof openScene>) => {
  let started: Gitops | undefined;
  const gitops = (): Gitops => {
    if (started === undefined) throw new Error("Flux runs before the first test");
    return started;
  };
  // A first build of Flux is most of this.
  beforeAll(async () => {
    started = await startGitops(scene.cluster, scene.client(), scene.world());
  }, 1_200_000);
  afterAll(() => started?.stop());
  return {
    flux: () => gitops().flux,
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
    waitByRules: ({ room, sync }: SyncedRoom): Promise<void> => gitops().waitByRules(room.namespace, sync),
    room: async (prefix: string, spec?: object): Promise<SyncedRoom> => {
      const room = await scene.room(prefix);
      return { room, sync: await gitops().sync(room.namespace, prefix, spec) };
    },
  };
};
