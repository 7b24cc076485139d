import { expect, test } from "vitest";
import { inventoryId, labelsOf, ledgerName, selectorOf } from "./ledger-name.ts";

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

test("names that run together when they are put side by side are of two ledgers and of two inventories", () => {
  const parts = [
    { target: "shop", app: "shop-db", layer: "main" },
    { target: "shop", app: "shop", layer: "db-main" },
    { target: "shop-shop", app: "db", layer: "main" },
  ];
  expect(new Set(parts.map(ledgerName)).size).toBe(3);
  expect(new Set(parts.map((id) => inventoryId("shop", id))).size).toBe(3);
});

test("the longest names, also with dots where they are cut, give names that a Secret may have, and labels as long as they may be", () => {
  for (const target of ["a".repeat(253), `${"a".repeat(225)}.b`, `${"a.".repeat(126)}a`, "x"]) {
    const id = { target, app: "b".repeat(63), layer: "c".repeat(63) };
    const name = ledgerName(id);
    expect(name.length).toBeLessThanOrEqual(253);
    expect(name).toMatch(SUBDOMAIN);
    for (const value of Object.values(labelsOf("d".repeat(63), id))) expect(value.length).toBeLessThanOrEqual(63);
  }
});

test("a server finds its own ledgers and not those of one of the same name elsewhere", () => {
  const labels = labelsOf("here", { target: "shop", app: "a", layer: "main" });
  const selected = (namespace: string) =>
    selectorOf(namespace, "shop")
      .split(",")
      .every((pair) => labels[pair.split("=")[0] ?? ""] === pair.split("=")[1]);
  expect([selected("here"), selected("elsewhere")]).toEqual([true, false]);
});
