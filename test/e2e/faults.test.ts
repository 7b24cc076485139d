import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedCluster } from "../cluster/shared.ts";
import { campaign } from "../faults/campaign.ts";
import { type Hall, openHall } from "../faults/hall.ts";
import { printed } from "../faults/table.ts";

const cluster = sharedCluster();
/** What a machine spends that nobody waits for, and what everybody waits for. */
const SECONDS = process.env["CI"] === undefined ? 60 : 360;
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
