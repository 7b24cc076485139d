import { expect, test } from "vitest";
import { AgentStatus, DeliverClaims, OrderReport, Refusal, RestoreClaims } from "../../../src/api/order.ts";

/** What CHANGELOG.md promises of an operator and an agent of two versions. */

const RESTORE = [
  "action",
  "app",
  "aud",
  "deployment",
  "exp",
  "key",
  "layer",
  "nbf",
  "sequence",
  "sha256",
  "snapshot",
  "version",
];
const OPTIONAL = ["licence"];

const optionalIn = (
  shape: Readonly<Record<string, { readonly safeParse: (value: unknown) => { success: boolean } }>>,
) => Object.keys(shape).filter((name) => shape[name]?.safeParse(undefined).success === true);

test("an order has the claims that agents out there know: another one would be refused by all of them", () => {
  expect(Object.keys(RestoreClaims.shape).toSorted()).toEqual(RESTORE);
  expect(Object.keys(DeliverClaims.shape).toSorted()).toEqual([...RESTORE, ...OPTIONAL, "url"].toSorted());
  expect([optionalIn(DeliverClaims.shape), optionalIn(RestoreClaims.shape)]).toEqual([OPTIONAL, []]);
});

const at = "2026-11-21T10:00:00Z";

test("answers of a later agent are read: members that nobody knows here are passed over, reasons are taken as they are", () => {
  const more = { later: { version: 2 } };
  const status = {
    agent: { name: "raos/ra-01", version: "9.9.9", ...more },
    at,
    apps: [],
    seen: [],
    activations: [],
    ...more,
  };
  expect(AgentStatus.parse(status)).toEqual({
    agent: { name: "raos/ra-01", version: "9.9.9" },
    at,
    apps: [],
    seen: [],
    activations: [],
  });
  const report = {
    key: "u.default.main.1",
    state: "Failed",
    reason: "DiskFull",
    message: "no room",
    activations: 0,
    at,
  };
  expect(OrderReport.parse({ ...report, ...more })).toEqual(report);
  const refusal = { reason: "Paused", message: "not now" };
  expect(Refusal.parse({ ...refusal, ...more })).toEqual(refusal);
});
