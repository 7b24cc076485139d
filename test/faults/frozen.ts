import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { writeKubeconfig } from "../cluster/kubeconfig.ts";
import { launchOperator } from "../world/operator.ts";
import type { Hall } from "./hall.ts";

/** A real operator process that stops in the middle of its work, as a machine does that is suspended, and goes on when it is too late. */
export interface Frozen {
  readonly isFrozen: Promise<void>;
  readonly freeze: () => void;
  /** Lets it go on; what it did wrong then, if anything: it has to notice that it leads no more, and to end. */
  readonly thaw: () => Promise<string | undefined>;
  readonly stop: () => Promise<void>;
}

const PATIENCE_MS = 60_000;

export async function startFrozen(hall: Hall, namespace: string, server: string): Promise<Frozen> {
  const { cluster, world, proxy, token, image } = hall;
  const path = join(world.dir, `frozen-${namespace}.yaml`);
  const kubeconfig = await writeKubeconfig(path, { server, caPem: proxy.caPem }, "ashat", { token }, "ashat-system");
  const operator = await launchOperator(cluster, world.keys, world.dir, { kubeconfig, image });
  const frozen = Promise.withResolvers<void>();
  return {
    isFrozen: frozen.promise,
    freeze: () => {
      if (operator.running()) process.kill(-operator.pid, "SIGSTOP");
      frozen.resolve();
    },
    thaw: async () => {
      if (operator.running()) process.kill(-operator.pid, "SIGCONT");
      const exit = await Promise.race([operator.exited, pause(PATIENCE_MS, undefined, { ref: false })]);
      if (exit === undefined) return "it went on as if it still led";
      return exit.code === 0 ? "it ended as if it had been asked to" : undefined;
    },
    stop: async () => {
      // One that is frozen hears no request to end.
      await operator.stop(0);
    },
  };
}
