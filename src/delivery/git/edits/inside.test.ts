import { expect, test } from "vitest";
import { folderOf, inside } from "./inside.ts";

test.each([
  ["apps/{app}/staging", "kustomization.yaml", "apps/shop/staging/kustomization.yaml"],
  ["apps/{app}/{layer}/", "a/b.yaml", "apps/shop/main/a/b.yaml"],
  [".", "a.yaml", "a.yaml"],
])("%s with %s is %s", (path, file, whole) => {
  expect(inside(folderOf(path, "shop", "main"), file)).toBe(whole);
});

test.each([
  ["apps", "../other/a.yaml"],
  ["apps", "a/../../b.yaml"],
  ["apps", "/etc/passwd"],
  ["/apps", "a.yaml"],
  ["../apps", "a.yaml"],
  ["apps", "."],
  ["apps", ""],
  [".", ".git/config"],
  ["apps/.GIT", "a.yaml"],
  ["apps", "a\0.yaml"],
])("nothing is written at %s with %j", (path, file) => {
  expect(() => inside(folderOf(path, "shop", "main"), file)).toThrow(/outside/);
});
