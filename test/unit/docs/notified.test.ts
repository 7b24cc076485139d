import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Notification } from "../../../src/api/notification.ts";
import { eventOf } from "../../../src/controllers/notifications.ts";
import { standingNotices } from "../../../src/core/notices.ts";
import { server, update } from "../fixtures.ts";
import { codeBlocks } from "../markdown.ts";
import { Scene } from "../scene.ts";

const page = readFileSync(new URL("../../../docs/notifications.md", import.meta.url), "utf8");

/** Times, hashes, tokens and uids differ from one update to the next. */
const alike = (event: unknown): unknown =>
  JSON.parse(
    JSON.stringify(event)
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
      .replaceAll(/\b[0-9a-f]{32}\b/g, "<id>")
      .replaceAll(/\b[0-9a-f]{16}\b/g, "<token>")
      .replaceAll(/"uid":"[^"]+"/g, '"uid":"<uid>"'),
  );

test("the event that docs/notifications.md shows is what is sent for such an update", () => {
  const scene = new Scene(
    update("security-patch-001"),
    server("public-staging", "Public"),
    server("omega-production", "Omega", { approval: { required: 2 } }),
  );
  scene.runPassing();
  const { status } = scene.run();
  const [notice] = standingNotices(status, scene.records, 0);
  if (notice === undefined) throw new Error("nobody is asked");
  const raw = { ...scene.deployment, apiVersion: "ashat.raos.io/v1alpha1", kind: "Deployment" };
  const sent = Notification.parse(eventOf("urn:ashat", raw, status, notice));
  const [shown = ""] = codeBlocks(page, "json");
  expect(alike(Notification.parse(JSON.parse(shown)))).toEqual(alike(sent));
});
