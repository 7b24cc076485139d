import { expect, test } from "vitest";
import { deploy, update } from "../../test/unit/cli.ts";
import { noLongerFollowed } from "./follow.ts";

test("Ctrl-C says that the update goes on, and where to look again", () => {
  expect(noLongerFollowed(update("security-patch-001", { phase: "Verifying" }), deploy)).toMatchObject({
    message: "No longer followed: Ctrl-C stops nothing of security-patch-001, which goes on without you.",
    next: ["deploy status security-patch-001"],
    code: 130,
  });
});
