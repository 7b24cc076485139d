import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster } from "../cluster/cluster.ts";
import { install } from "../cluster/install.ts";
import { startNode } from "../cluster/kubelet.ts";
import { notOwned, sharedCluster } from "../cluster/shared.ts";
import { campaign } from "../faults/campaign.ts";
import { type Hall, openHall } from "../faults/hall.ts";
import { QUICK_IMAGE, quickCheck } from "../faults/quick-check.ts";
import { printed } from "../faults/table.ts";
import { travelInTime } from "../faults/time-travel.ts";

const cluster = sharedCluster();
/** What a machine spends that nobody waits for, and what everybody waits for. */
const SECONDS = process.env["CI"] === undefined ? 30 : 360;
/** What one plan takes that costs every deadline there is. */
const LAST_MS = 300_000;
let hall: Hall;

beforeAll(async () => {
  hall = await openHall(cluster);
});
afterAll(() => hall?.stop());

test(
  "whatever goes wrong at one place, the update comes to the end it has without it, with nothing twice",
  { timeout: SECONDS * 1000 + 2 * LAST_MS },
  async ({ annotate }) => {
    const result = await campaign(hall, { budgetMs: SECONDS * 1000, seed: 7 });
    const table = printed(result);
    console.log(table);
    await annotate(table);
    expect(result.findings.filter(({ wrong }) => wrong.length > 0).map(({ plan, wrong }) => ({ plan, wrong }))).toEqual(
      [],
    );
    expect(result.findings.length).toBeGreaterThan(0);
  },
);

test.for(["the same operator", "another operator"] as const)(
  "%s meets an API server restored from an older state: the sequences of the agents win, and nothing is switched twice",
  { timeout: 2 * LAST_MS },
  async (traveller, { skip }) => {
    if (process.env["CI"] === undefined) skip("takes about a minute: set CI=1 to run it");
    const reason = notOwned(cluster);
    if (reason !== undefined) skip(reason);
    const restorable = await startCluster();
    try {
      await install(restorable);
      const node = await startNode({ cluster: restorable, images: { [QUICK_IMAGE]: quickCheck } });
      const travelled = await openHall(restorable);
      const wrong = await travelInTime(travelled, restorable, traveller);
      await travelled.stop();
      await node.stop();
      expect(wrong).toEqual([]);
    } finally {
      await restorable.stop();
    }
  },
);
