import { verifyChain } from "../../src/api/record.ts";
import type { Client } from "../../src/kube/client.ts";
import type { KubeObject } from "../../src/kube/types.ts";
import { EVENTS } from "../../src/runtime/events.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { KubectlFailed, type KubectlOptions } from "../cluster/kubectl.ts";
import { until } from "../cluster/until.ts";
import { movesOf, type Room } from "../world/room.ts";
import type { TargetProcesses } from "../world/target.ts";

/** Where forgeries are tried: an update named `first` that has passed Public and waits for people at OMEGA. */
export interface Ground {
  readonly cluster: ClusterAccess;
  readonly client: Client;
  readonly room: Room;
  readonly omega: TargetProcesses;
  /** What an honest approval names now. */
  readonly token: () => Promise<string>;
}

/** Who closed a forgery, and in which words. */
export interface Closed {
  readonly by: "API server" | "operator" | "agent";
  readonly said: string;
}

export interface Forgery {
  readonly name: string;
  /** Tries it; what it left behind is taken away afterwards by its slot. */
  readonly attempt: (ground: Ground, slot: string) => Promise<Closed>;
}

const UPDATE = "deployments.ashat.raos.io/first";

/** The words of a request about the update. */
export const annotating = ({ room }: Ground, ...words: readonly string[]): readonly string[] => [
  "annotate",
  UPDATE,
  "-n",
  room.namespace,
  "--overwrite",
  "--field-manager=ashat",
  ...words,
];

/** The API server says no to this person, in these words. */
export async function refused(
  { cluster }: Ground,
  user: string,
  args: readonly string[],
  words: string,
  options: Omit<KubectlOptions, "as"> & { readonly groups?: readonly string[] } = {},
): Promise<Closed> {
  const { groups, ...rest } = options;
  // Without a name it is the administrator of the cluster, whom the roles refuse nothing.
  const as = user === "" ? {} : { as: { user, ...(groups && { groups }) } };
  try {
    await cluster.kubectl(args, { ...rest, ...as });
  } catch (error) {
    if (error instanceof KubectlFailed && error.stderr.includes(words)) return { by: "API server", said: words };
    throw error;
  }
  throw new Error(`${user} was not refused: kubectl ${args.join(" ")}`);
}

type Told = KubeObject & {
  readonly reason?: string;
  readonly note?: string;
  readonly regarding?: { readonly name?: string };
};

/** What events of this reason say of an update. */
export const tolds = async ({ room, client }: Ground, name: string, wanted: string): Promise<readonly string[]> =>
  ((await client.list(EVENTS, { namespace: room.namespace })).items as readonly Told[]).flatMap(
    ({ reason, note, regarding }) => (reason === wanted && regarding?.name === name ? [note ?? ""] : []),
  );

/** The operator says why in the condition ActionIgnored, and tells it as an event. */
export async function ignored(ground: Ground, words: string, name = "first"): Promise<Closed> {
  const status = await ground.room.untilUpdate(
    name,
    ({ conditions }) =>
      conditions?.some(({ type, message }) => type === "ActionIgnored" && message.includes(words)) === true,
  );
  await until(`an event says ${words}`, async () =>
    (await tolds(ground, name, "ActionIgnored")).some((note) => note.includes(words)),
  );
  const said = status.conditions?.find(({ type }) => type === "ActionIgnored")?.message ?? "";
  return { by: "operator", said: said.slice(said.indexOf(words)).split(";")[0] ?? words };
}

/** Takes away what an attempt left behind in its slot, so that the next one begins as the first did. */
export async function cleaned(ground: Ground, slot: string): Promise<void> {
  const { metadata } = await ground.room.update("first");
  const left = Object.keys(metadata.annotations ?? {}).filter(
    (key) => !key.startsWith("by.") && key.includes(".ashat.raos.io/") && key.endsWith(`.${slot}`),
  );
  if (left.length > 0) await ground.cluster.kubectl(annotating(ground, ...left.map((key) => `${key}-`)));
}

/** Nothing moved at OMEGA: neither in the chain, which proves itself, nor at its agent, nor on its server. */
export async function delivered({ room, omega }: Ground): Promise<readonly string[]> {
  const records = await room.records("first");
  const { seen, activations } = await room.agent(omega);
  return [
    ...verifyChain(records),
    ...movesOf(records.filter(({ tier }) => tier === "omega" || tier === "mainframes")),
    ...seen.map(({ sequence }) => `the agent saw order ${sequence}`),
    ...activations.map(({ key }) => `the agent activated ${key}`),
    ...((await omega.version()) === undefined ? [] : ["the server runs it"]),
  ];
}
