import { randomUUID } from "node:crypto";
import { Registry } from "@prometheus-io/client";
import { addressesOf } from "../../src/controllers/addresses.ts";
import { runOperator } from "../../src/controllers/operator.ts";
import { SETTINGS } from "../../src/core/observed.ts";
import { createClient } from "../../src/kube/client.ts";
import { readJwks, readSigningKey } from "../../src/licence/key-files.ts";
import { createLog } from "../../src/runtime/log.ts";
import type { Keys } from "../world/keys.ts";

/** One life of an operator in this process. Its end from outside is what a SIGKILL is: the proxies cut it off first, then it is stopped. */
export interface Life {
  /** Why it ended by itself, if it did; undefined after a stop. */
  readonly ended: Promise<Error | undefined>;
  readonly stop: () => void;
}

export interface LifeOptions {
  readonly server: string;
  readonly caPem: string;
  readonly token: string;
  readonly keys: Keys;
  readonly image: string;
  /** Lines of its log. */
  readonly say: (line: string) => void;
}

export function startLife({ server, caPem, token, keys, image, say }: LifeOptions): Life {
  const stop = new AbortController();
  const client = createClient(
    { server, tls: { ca: caPem }, authorization: () => Promise.resolve(`Bearer ${token}`), namespace: "ashat-system" },
    { fieldManager: "ashat-operator", userAgent: "ashat-operator" },
  );
  const live = async (): Promise<Error | undefined> => {
    try {
      await runOperator(
        {
          client,
          orderKey: await readSigningKey(keys.orderKey),
          licenceKeys: await readJwks(keys.licenceKeys),
          checkImage: image,
          addresses: addressesOf(["127.0.0.0/8"], []),
          settings: { ...SETTINGS, pollMs: 200, retryMs: 1_000, deliveryMs: 60_000, holdBackMs: 120_000 },
          healthPort: 0,
          checkpointMs: 600_000,
          identity: `life-${randomUUID()}`,
          random: Math.random,
          metrics: new Registry(),
          log: createLog("info", { write: say }),
        },
        stop.signal,
      );
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      await client.close();
    }
  };
  return { ended: live(), stop: () => stop.abort() };
}
