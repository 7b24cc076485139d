import { expect, test } from "vitest";
import { mainframeObject, serverObject, update } from "../../test/unit/cli.ts";
import { archiveTemplate, ARCHIVE_URL, filled, knownTemplate } from "./archive-url.ts";
import { nextVersion } from "./next-version.ts";
import { planOf } from "./plan.ts";

const staging = serverObject("Public", "PublicStaging", { checks: { modules: { path: "/m" } } });
const omega = serverObject("Omega", "OmegaProduction");

test("the plan names what will happen, step by step", () => {
  expect(planOf("9.4.2", { servers: [omega, staging], mainframes: [] })).toEqual([
    "Deliver 9.4.2 to PublicStaging",
    "Verify it on PublicStaging (2 checks)",
    "APPROVAL REQUIRED: one person for OmegaProduction",
    "Deliver it to OmegaProduction and verify it there (1 check)",
  ]);
});

test("ALPHA goes first, approvals of staging are said, mainframes come in waves, those of another OMEGA do not", () => {
  const fleet = {
    servers: [
      serverObject("Alpha", "ALPHA"),
      serverObject("Public", "staging", { approval: { required: 1 } }),
      serverObject("Omega", "omega", { approval: { required: 2 } }),
    ],
    mainframes: [
      mainframeObject("a", "omega"),
      mainframeObject("b", "omega", { wave: 2 }),
      mainframeObject("c", "other", { wave: 3 }),
    ],
  };
  expect(planOf("1.0.0", fleet)).toEqual([
    "Deliver 1.0.0 to ALPHA, and verify it there (1 check)",
    "Deliver 1.0.0 to staging, once one person approved it",
    "Verify it on staging (1 check)",
    "APPROVAL REQUIRED: 2 people for omega",
    "Deliver it to omega and verify it there (1 check), then distribute it to 2 Licensed Mainframes in 2 waves",
  ]);
});

test("without an OMEGA server the plan says where it stops", () => {
  expect(planOf("1.0.0", { servers: [staging], mainframes: [] })[2]).toBe(
    "Wait for an OMEGA server: none is configured yet",
  );
});

const runs = (app: string, version: string) =>
  serverObject("Public", "s", { status: { apps: [{ app, sequence: 1, version }] } });

test("the next version is the next patch above what runs and what is on its way, of this app", () => {
  expect(nextVersion("default", [runs("default", "9.4.9")], [])).toBe("9.4.10");
  expect(nextVersion("default", [runs("default", "9.4.9")], [update("x", undefined, { version: "9.5.0" })])).toBe(
    "9.5.1",
  );
  expect(nextVersion("default", [runs("billing", "3.0.0")], [])).toBeUndefined();
  expect(nextVersion("default", [runs("default", "2.0.0-rc.1")], [])).toBe("2.0.0");
});

const kept = (tier: "Alpha" | "Public", url: string) =>
  serverObject(tier, tier, { annotations: { [ARCHIVE_URL]: url } });

test("where archives are is said now, in the shell, on ALPHA or on Public, in this order", () => {
  const servers = [kept("Public", "https://public/"), kept("Alpha", "https://alpha/")];
  expect(knownTemplate({ option: "https://now/", variable: "https://shell/", servers })).toBe("https://now/");
  expect(knownTemplate({ variable: "https://shell/", servers })).toBe("https://shell/");
  expect(knownTemplate({ variable: "", servers })).toBe("https://alpha/");
  expect(knownTemplate({ servers: servers.slice(0, 1) })).toBe("https://public/");
  expect(knownTemplate({ servers: [omega] })).toBeUndefined();
});

test("an address is filled in, and what is filled in cannot lead elsewhere", () => {
  expect(filled("https://a/{app}/ra-{version}.tgz?x={id}", { id: "sp-1", version: "9.4.2+b", app: "default" })).toBe(
    "https://a/default/ra-9.4.2%2Bb.tgz?x=sp-1",
  );
  expect(filled("https://a/{id}", { id: "../../b", version: "", app: "" })).toBe("https://a/..%2F..%2Fb");
});

test.each(["http://a/x", "https://a", "https://u@a/x", "https://a/{name}", "a/x"])("%s is no archive URL", (typed) => {
  expect(() => archiveTemplate(typed)).toThrow();
});
