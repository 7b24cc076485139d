import { expect, test } from "vitest";
import { gate, serverObject, update } from "../../test/unit/cli.ts";
import { refuseOlder, replacedBy } from "./overtaken.ts";

const staging = (version?: string, app = "default") =>
  serverObject("Public", "PublicStaging", {
    status: { apps: [{ app, sequence: 1, ...(version !== undefined && { version }) }] },
  });

const older = (...servers: ReturnType<typeof staging>[]) =>
  refuseOlder({ app: "default", version: "9.4.2" }, servers, "deploy push x y --allow-older");

test("a version below what a server runs is refused before it is made, and the flag is named that lets it pass", () => {
  expect(() => older(staging("9.4.1"), staging("9.4.10"))).toThrow(
    expect.objectContaining({
      code: 1,
      message: expect.stringMatching(
        /^9[.]4[.]2 is older than what runs: PublicStaging runs 9[.]4[.]10[.].*--allow-older/,
      ),
      next: ["deploy push x y --allow-older"],
    }),
  );
  expect(() => older(staging("9.4.2"), staging("9.4.1"), staging("10.0.0", "billing"), staging())).not.toThrow();
});

const waiting = update(
  "security-patch-001",
  { phase: "AwaitingApproval", tier: "omega", approval: "1/2", blockedBy: [gate("approvals", "one more")] },
  { version: "9.4.2" },
);
const omega = serverObject("Omega", "omega");

test("what waits with approvals is named where the new one takes its place", () => {
  expect(replacedBy({ app: "default", version: "9.4.3" }, [waiting], [omega])).toEqual([
    "It replaces security-patch-001 (9.4.2), which has 1 of 2 approvals: where it comes as far, that one ends.",
  ]);
});

test("what is newer, of another app, not waiting for approvals, or taken in order stays", () => {
  const ordered = serverObject("Omega", "omega", { queue: "Ordered" });
  const { status, ...untouched } = waiting;
  expect(status).toBeDefined();
  expect(replacedBy({ app: "default", version: "9.4.1" }, [waiting], [omega])).toEqual([]);
  expect(replacedBy({ app: "billing", version: "9.4.3" }, [waiting], [omega])).toEqual([]);
  expect(replacedBy({ app: "default", version: "9.4.3" }, [untouched], [omega])).toEqual([]);
  expect(replacedBy({ app: "default", version: "9.4.3" }, [waiting], [ordered])).toEqual([]);
});
