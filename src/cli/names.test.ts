import { expect, test } from "vitest";
import { DISPLAY_NAME, displayed, idOf, kubeName, shownAs } from "./names.ts";

const called = (name: string, typed?: string) => ({
  metadata: { name, uid: "u", resourceVersion: "1", annotations: typed === undefined ? {} : { [DISPLAY_NAME]: typed } },
});

test.each([
  ["PublicStaging", "public-staging"],
  ["OmegaProduction", "omega-production"],
  ["ALPHA", "alpha"],
  ["mainframe 101", "mainframe-101"],
  ["RAOmega2Prod", "ra-omega2-prod"],
  ["Security_Patch..001", "security-patch-001"],
  ["Größe", "gro-e"],
  ["security-patch-001", "security-patch-001"],
])("%s is %s to Kubernetes", (typed, name) => {
  expect(kubeName(typed, 63)).toBe(name);
});

test.each(["", "---", "日本", "a\nb", "x".repeat(64)])("%j is no name, and it says why", (typed) => {
  expect(() => kubeName(typed, 63)).toThrow(/name/);
});

test("what was typed is kept where the name is another one, and shown again", () => {
  expect(displayed("alpha", "alpha")).toEqual({});
  expect(displayed("PublicStaging", "public-staging")).toEqual({ [DISPLAY_NAME]: "PublicStaging" });
  expect(shownAs(called("public-staging", "PublicStaging"))).toBe("PublicStaging");
});

test("an annotation that would write to the terminal is not shown", () => {
  expect(shownAs(called("x", "\u001b[2Jgone"))).toBe("x");
  expect(shownAs(called("x", "two\nlines"))).toBe("x");
});

test("a next command carries a name a shell leaves alone", () => {
  expect(idOf(called("mainframe-101", "mainframe 101"))).toBe("mainframe-101");
  expect(idOf(called("public-staging", "PublicStaging"))).toBe("PublicStaging");
});
