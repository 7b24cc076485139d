import { expect, test } from "vitest";
import { mainframe, server, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import { judgeLicence } from "../licence/licence.ts";

test("what is held says what its command does: it verifies again, and restores nothing", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  scene.run();
  scene.verdict("staging", "Failed");
  expect(scene.run().status.message).toMatch(
    /\. Nothing was restored; this verifies it again: kubectl annotate \S+ -n prod --field-manager=ashat verify\.ashat\.raos\.io\/public=[0-9a-f]{16}$/,
  );
});

test("how a licence is made is said once, with all that it takes", () => {
  const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"), mainframe("early"));
  const { metadata } = scene.target("early");
  const judged = judgeLicence(
    { state: "Missing" },
    { mainframe: `${metadata.namespace}/early`, now: new Date(scene.now) },
  );
  if (judged.valid) throw new Error("a licence that is missing is valid");
  scene.licences.set("early", judged);
  scene.runPassing();
  scene.act("approve", "omega", "alice");
  const { message = "" } = scene.runPassing().status;
  expect(message.match(/ashat licence issue/g)).toHaveLength(1);
  expect(message).toMatch(
    /Whoever issues licences makes a new one with: ashat licence issue --mainframe \S+ --holder /,
  );
});
