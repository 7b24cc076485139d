import type { Cluster } from "../cluster/cluster.ts";
import type { Hall } from "./hall.ts";
import { watchInvariants } from "./invariants.ts";
import { startLife } from "./life.ts";
import { openRoom } from "./room.ts";
import { createScript } from "./script.ts";

const BOUND_MS = 300_000;

/** Who meets the cluster that forgot: the operator that knows more than it, or one that begins anew. */
export type Traveller = "the same operator" | "another operator";

/**
 * The API server is restored from a state in which the newest update did not exist, while the targets run it. Says what is wrong afterwards: the
 * sequences of the agents have to win, and nothing is switched twice.
 */
export async function travelInTime(hall: Hall, cluster: Cluster, traveller: Traveller): Promise<readonly string[]> {
  const script = createScript(undefined);
  const invariants = watchInvariants({ leaders: 1 });
  const over = AbortSignal.timeout(BOUND_MS);
  let life = 0;
  const told = { order: () => undefined, die: () => undefined, life: () => life };
  const room = await openRoom(hall, "travel", () => script, told, over);
  const proxied = hall.proxy.open({
    namespace: room.namespace,
    script,
    die: () => undefined,
    freeze: () => undefined,
    written: invariants.written,
  });
  const log: string[] = [];
  const born = () =>
    startLife({
      server: proxied.urlOf(life),
      caPem: hall.proxy.caPem,
      token: hall.token,
      keys: hall.world.keys,
      image: hall.image,
      say: (line) => log.push(line),
    });
  let operator = born();
  const bring = async (name: string, version: string): Promise<void> => {
    await room.push(name, version);
    await room.approve("ann", name, "omega");
    await room.until(name, ({ phase }) => phase === "Completed");
  };
  try {
    await Promise.all([room.serve("staging", "Public"), room.serve("omega", "Omega")]);
    await bring("first", "9.4.1");
    const goBack = await cluster.remember();
    await bring("second", "9.4.2");
    await goBack();
    if (traveller === "another operator") {
      operator.stop();
      await operator.ended;
      await room.forgetLease();
      life += 1;
      operator = born();
    }
    await bring("third", "9.4.3");
    const wrong: string[] = [];
    for (const { name, version, agent, status } of room.targets()) {
      const { activations, apps } = await agent();
      const sequence = (await status()).apps?.[0]?.sequence;
      if (activations.some(({ count }) => count !== 1)) wrong.push(`${name} switched twice by one order`);
      if ((await version()) !== "9.4.3") wrong.push(`${name} runs ${await version()}`);
      if (apps[0]?.sequence !== 3 || sequence !== 3)
        wrong.push(`${name} is at sequence ${apps[0]?.sequence} and known at ${sequence}, both should be 3`);
    }
    return wrong;
  } catch (error) {
    const stand = ["first", "second", "third"].map(async (name) => {
      const { phase, message } = await room.status(name);
      return `${name} is ${phase}: ${message}`;
    });
    const known = await Promise.allSettled(stand);
    const said = known.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason)));
    return [`it did not come to its end: ${String(error)}`, ...said, ...log.slice(-10)];
  } finally {
    operator.stop();
    await operator.ended;
    proxied.close();
    await room.close();
  }
}
