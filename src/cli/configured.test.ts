import { expect, test } from "vitest";
import { mainframeObject, serverObject } from "../../test/unit/cli.ts";
import { missingIn } from "./configured.ts";

test("whoever completes the checks of a server is told where it is, namespace and all", () => {
  expect(missingIn(serverObject("Public", "PublicStaging"), "raos")).toEqual([
    "the operator has not looked at it yet: is it running?",
    expect.stringMatching(/kubectl edit servers[.]ashat[.]raos[.]io\/public-staging -n raos$/),
  ]);
});

test("a mainframe has no checks to complete, and needs a licence", () => {
  expect(missingIn(mainframeObject("cust-417", "ra-01"), "raos").join("\n")).toMatch(/\na licence: /);
});
