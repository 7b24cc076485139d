import { expect, test } from "vitest";
import { server, update } from "../../test/unit/fixtures.ts";
import { reported, Scene } from "../../test/unit/scene.ts";
import { verifyChain } from "../api/record.ts";

test("half a character in what an agent says stops nothing, and the record proves itself as the API server keeps it", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.onOrder = (_, key) => {
    const answer = reported(key, "Failed", "FetchFailed");
    return answer.state === "Reported" ? { ...answer, report: { ...answer.report, message: "no \ud83d" } } : answer;
  };
  expect(scene.run().status.phase).toBe("Held");
  expect(scene.last().message).toContain("no \ufffd");
  expect(verifyChain(scene.records)).toEqual([]);
});

test("a reason that is cut in the middle of a character is recorded, and its approval counts", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
  scene.runPassing();
  scene.act("approve", "omega", "ann", { reason: `${"x".repeat(511)}😀` });
  expect(scene.runPassing().status.phase).toBe("Completed");
  const approval = scene.records.find(({ approvals }) => approvals !== undefined)?.approvals?.[0];
  expect(approval?.reason?.endsWith("x\ufffd")).toBe(true);
});
