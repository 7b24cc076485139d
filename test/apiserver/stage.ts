import type { Person } from "../cluster/person.ts";
import { type Cast, type Extras, update } from "./cast.ts";
import { DEPLOYMENTS } from "./resources.ts";

export const TOKEN = "0123456789abcdef";
export const APPROVE = "approve.ashat.raos.io/omega";
export const STAMP = "by.ashat.raos.io/approve.omega";
export const AUTHOR = "by.ashat.raos.io/author";

/** Updates of one cast, each under a name of its own, and the words people use on them. */
export const stageOf = ({ namespace, author, root }: Cast) => {
  let count = 0;
  const read = (name: string) => root.client.get(DEPLOYMENTS, { namespace, name });
  return {
    /** Creates an update and says its name. */
    created: async (extras: Extras = {}, by: Person = author): Promise<string> => {
      count += 1;
      const name = `update-${count}`;
      await by.applies(update(namespace, name, extras));
      return name;
    },
    annotate: (name: string, ...words: readonly string[]) =>
      ["annotate", `deployments.ashat.raos.io/${name}`, "-n", namespace, ...words] as const,
    patch: (name: string, body: object) =>
      [
        "patch",
        `deployments.ashat.raos.io/${name}`,
        "-n",
        namespace,
        "--type=merge",
        `--patch=${JSON.stringify(body)}`,
      ] as const,
    /** All annotations but the bookkeeping of kubectl. */
    annotations: async (name: string): Promise<Readonly<Record<string, string>>> => {
      const { "kubectl.kubernetes.io/last-applied-configuration": _, ...rest } =
        (await read(name)).metadata.annotations ?? {};
      return rest;
    },
    version: async (name: string): Promise<string> => (await read(name)).metadata.resourceVersion,
    /** A manifest with exactly this metadata, for server-side apply. */
    manifest: (name: string, extras: Extras) => update(namespace, name, extras),
  };
};
