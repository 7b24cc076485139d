import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";

type Schema = Readonly<Record<string, unknown>>;

/** Every place of a schema where a Secret is named, with the way to it. */
const secretsIn = (schema: unknown, way: string): readonly (readonly [string, Schema])[] => {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const below = secretsIn(value, `${way}.${key}`);
    return /secretref$/i.test(key) ? [[`${way}.${key}`, value as Schema] as const, ...below] : below;
  });
};

const ROOT = new URL("../../", import.meta.url).pathname;
const found = ["servers", "mainframes"].flatMap((kind) =>
  secretsIn(parse(readFileSync(`${ROOT}crds/${kind}.yaml`, "utf8")), kind),
);

test("a Server names Secrets in many places", () => expect(found.length).toBeGreaterThan(7));

test.each(found)("%s names a Secret of its own namespace, and has no word for another one", (_, schema) => {
  const { name, ...others } = schema["properties"] as Readonly<Record<string, Schema>>;
  expect(Object.keys(others)).not.toContain("namespace");
  const pattern = new RegExp(String(name?.["pattern"]));
  expect(pattern.test("git-1.shop")).toBe(true);
  for (const odd of ["other/git", "../other/secrets/git", "/git", "git?x", "git%2F", "Git", "git\n", ""])
    expect(pattern.test(odd), JSON.stringify(odd)).toBe(false);
  expect(schema["x-kubernetes-preserve-unknown-fields"]).toBeUndefined();
});
