import { afterAll, beforeAll } from "vitest";
import { person, type Person } from "../cluster/person.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { allowImpersonation, grant, type KubernetesScene, openKubernetes } from "./kubernetes-scene.ts";

type Options = Parameters<typeof openKubernetes>[1];

/** Clusters to deliver to, for the tests of a file: every stage has its own namespace and an account that may deliver there; root may do everything. */
export const openStages = (prefix: string) => {
  const cluster = sharedCluster();
  const scenes: KubernetesScene[] = [];
  let somebody: Person;
  beforeAll(async () => {
    somebody = await person(cluster, "root", ["system:masters"]);
  });
  afterAll(async () => {
    await Promise.all(scenes.map((scene) => scene.close()));
    await somebody.client.close();
  });
  const open = async (options: Options): Promise<KubernetesScene> => {
    const scene = await openKubernetes(cluster, options);
    scenes.push(scene);
    return scene;
  };
  const stage = async (more: Partial<Options> = {}) => {
    const namespace = await newNamespace(cluster, prefix);
    await grant(cluster, namespace, "deployer");
    await allowImpersonation(cluster, namespace, "deployer");
    return { namespace, scene: await open({ namespace, ...more }) };
  };
  return { cluster, open, stage, root: (): Person => somebody };
};
