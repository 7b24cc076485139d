import { randomUUID } from "node:crypto";
import { orderKey } from "../src/api/order.ts";
import { agentDriver } from "../src/delivery/agent.ts";
import { ANY_ADDRESS } from "../src/dial/address-rules.ts";
import { readSigningKey } from "../src/licence/key-files.ts";
import { orderTerm, signOrder } from "../src/licence/sign.ts";
import { until } from "../test/cluster/until.ts";
import type { Keys } from "../test/world/keys.ts";
import { APP } from "./scene.ts";
import type { Target } from "./targets.ts";

interface Release {
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
}

const LAYER = "main";

/** What ran before anybody had ASHAT: the release a server was installed with, by an order as an installer would sign it. */
export async function installFirst(
  namespace: string,
  targets: readonly Target[],
  keys: Keys,
  { version, url, sha256 }: Release,
): Promise<void> {
  const key = await readSigningKey(keys.orderKey);
  const driver = agentDriver(ANY_ADDRESS);
  try {
    await Promise.all(
      targets.map(async ({ name, at, licence }) => {
        const aud = `${namespace}/${name}`;
        const order = { targetUid: randomUUID(), app: APP, layer: LAYER, sequence: 1 };
        const jws = await signOrder(key, {
          aud,
          key: orderKey(order),
          deployment: "installation",
          app: APP,
          layer: LAYER,
          version,
          url,
          sha256,
          sequence: 1,
          action: "deliver",
          snapshot: `${name}-000001`,
          ...(licence !== undefined && { licence }),
          ...orderTerm(new Date()),
        });
        const agent = { url: at.agentUrl, tls: { sha256: at.certificate.sha256 } };
        const send = { key: orderKey(order), jws };
        // The same order again is the same order, and its answer is how far it is.
        await until(`${name} runs ${version}`, async () => {
          const answer = await driver.deliver(agent, send, AbortSignal.timeout(10_000));
          if (answer.state === "Answered" && answer.report.state !== "Failed") return answer.report.state === "Applied";
          throw new Error(answer.state === "Answered" ? answer.report.message : answer.message);
        });
      }),
    );
  } finally {
    await driver.close();
  }
}
