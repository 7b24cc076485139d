import { expect, test } from "vitest";
import { deploy } from "../../test/unit/cli.ts";
import { descriptionFrom } from "./description.ts";

test.each(["", "  ", "\n"])("an update that %j describes is not pushed", (text) => {
  expect(() => descriptionFrom(text, "security-patch-001", deploy)).toThrow(
    /description of security-patch-001 is empty/,
  );
});

test.each([
  ["Critical security fixes", "security-patch-001", "deploy push security-patch-001 'Critical security fixes'"],
  ["Hotfix", "sp-1", "deploy push sp-1 Hotfix"],
  ["it's late", "sp-1", String.raw`deploy push sp-1 'it'\''s late'`],
])("%j as id of %j was swapped, and the next command has them right", (id, text, command) => {
  expect(() => descriptionFrom(text, id, deploy)).toThrow(
    expect.objectContaining({ code: 2, next: [command], message: expect.stringContaining("did you swap them?") }),
  );
});

test.each([
  ["security-patch-001", "Critical security fixes"],
  ["First_One", "One"],
  ["First_One", "hotfix-1"],
  ["mainframe 101", "Faster queries"],
])("%j described by %j is taken as it is", (id, text) => {
  expect(descriptionFrom(text, id, deploy)).toBe(text);
});
