import { describe, expect, it } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor } from "../../test/targets/target.ts";
import { fetchAddresses } from "./fetch-addresses.ts";
import { refusalOfUrl } from "../dial/address-rules.ts";

const { here, start, release, carryOut } = openBench();

describe("an agent fetches nothing from its own machine unless it is allowed to", () => {
  it("and says which address it was, and who can allow it", async () => {
    const target = await start({
      config: { fetch: { sha256: here().certificate.sha256, attempts: 3, deadlineSeconds: 10 } },
    });
    const report = await carryOut(target, orderFor(target.name, 1, await release("9.4.2")));
    expect(report).toMatchObject({
      state: "Failed",
      reason: "FetchFailed",
      message: expect.stringMatching(
        /was not fetched from https:\/\/127\.0\.0\.1:\d+: 127\.0\.0\.1 is a loopback address.*allowAddresses: \["127\.0\.0\.1\/32"\]/,
      ),
    });
  });
  it("and never from the API server of the cluster it runs in", () => {
    const env = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
    expect(refusalOfUrl(fetchAddresses([], env), "https://10.96.0.1/")?.message).toContain("the API server");
    expect(refusalOfUrl(fetchAddresses([], {}), "https://10.96.0.1/")).toBeUndefined();
  });
});
