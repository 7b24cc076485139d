import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { accessTo, type ClusterAccess } from "./access.ts";
import { KubectlFailed } from "./kubectl.ts";

/** Somebody who uses the cluster under a name of their own, by kubectl and by our client. */
export interface Person {
  readonly user: string;
  readonly client: Client;
  /** What kubectl printed. */
  readonly does: (...args: readonly string[]) => Promise<string>;
  readonly applies: (object: object, ...flags: readonly string[]) => Promise<string>;
  /** What kubectl said when it was refused; an error where it was not. */
  readonly isRefused: (...args: readonly string[]) => Promise<string>;
  readonly isRefusedToApply: (object: object, ...flags: readonly string[]) => Promise<string>;
}

const apply = (flags: readonly string[]): readonly string[] => ["apply", "-f", "-", ...flags];

const asUser = async (cluster: ClusterAccess, user: string, kubeconfig: string): Promise<Person> => {
  const { kubectl } = accessTo({ ...cluster, kubeconfig });
  const client = createClient(await fromKubeconfig(kubeconfig), { fieldManager: "test", userAgent: "ashat-test" });
  const run = async (args: readonly string[], stdin?: string): Promise<string> =>
    (await kubectl(args, stdin === undefined ? {} : { stdin })).stdout;
  const refusal = async (args: readonly string[], stdin?: string): Promise<string> => {
    let printed: string;
    try {
      printed = await run(args, stdin);
    } catch (error) {
      if (error instanceof KubectlFailed) return error.stderr;
      throw error;
    }
    throw new Error(`${user} was not refused: kubectl ${args.join(" ")} printed ${printed}`);
  };
  return {
    user,
    client,
    does: (...args) => run(args),
    isRefused: (...args) => refusal(args),
    applies: (object, ...flags) => run(apply(flags), JSON.stringify(object)),
    isRefusedToApply: (object, ...flags) => refusal(apply(flags), JSON.stringify(object)),
  };
};

export const person = async (cluster: ClusterAccess, user: string, groups: readonly string[] = []): Promise<Person> =>
  asUser(cluster, user, await cluster.kubeconfigFor(user, groups));

export const account = async (cluster: ClusterAccess, namespace: string, name: string): Promise<Person> =>
  asUser(
    cluster,
    `system:serviceaccount:${namespace}:${name}`,
    await cluster.kubeconfigForServiceAccount(namespace, name),
  );
