import { expect, test } from "vitest";
import { deploy, mainframeObject, serverObject } from "../../test/unit/cli.ts";
import { refuseSameAddress } from "./same-address.ts";

const staging = serverObject("Public", "PublicStaging", { url: "https://staging.example" });
const customer = mainframeObject("mainframe 101", "omega", { url: "https://m101.example" });
const configure = (name: string, url: string, kind = "Server") =>
  refuseSameAddress({ name, kind, url }, [staging, customer], deploy);

test("a second name for an address that is known is taken for a typo of the first", () => {
  for (const url of ["https://staging.example", "https://STAGING.example:443/"])
    expect(() => configure("public-stagin", url)).toThrow(
      expect.objectContaining({
        code: 1,
        message: "PublicStaging has this URL already; did you mean it? Nothing was changed.",
        next: [`deploy configure public ${url} PublicStaging`],
      }),
    );
  expect(() => configure("mainframe-110", "https://m101.example", "Mainframe")).toThrow(
    expect.objectContaining({ next: ["deploy configure mainframe https://m101.example 'mainframe 101'"] }),
  );
});

test("the same target again, and a new address, are configured", () => {
  expect(() => configure("public-staging", "https://staging.example/")).not.toThrow();
  expect(() => configure("second", "https://second.example")).not.toThrow();
});

test("two that share an address already are still changed", () => {
  const twin = serverObject("Public", "twin", { url: "https://staging.example" });
  expect(() =>
    refuseSameAddress({ name: "twin", kind: "Server", url: "https://staging.example" }, [staging, twin], deploy),
  ).not.toThrow();
});
