import { describe, expect, it } from "vitest";
import { z } from "zod";
import { structural } from "./structural.ts";

const described = (field: z.ZodType) => z.object({ field: field.describe("A field.") }).describe("An object.");
const bounded = z.string().max(8);

describe("a schema that an API server would refuse, drop or find too expensive", () => {
  it.each([
    ["a string without an end", described(z.string()), "root.field: string without maxLength"],
    ["a list without an end", described(z.array(bounded)), "root.field: array without maxItems"],
    ["a number without bounds", described(z.int()), "root.field: integer without bounds"],
    ["a field without a description", z.object({ field: bounded }), "root.field: has no description"],
    ["a pattern with look-ahead", described(bounded.regex(/^(?=a)/)), "root.field: pattern uses look-around"],
    ["a pattern with look-behind", described(bounded.regex(/(?<!a)b/)), "root.field: pattern uses look-around"],
    ["one of two shapes", described(z.union([bounded, z.boolean()])), "root.field: keyword anyOf is not structural"],
    ["anything at all", described(z.unknown()), "root.field: has no type"],
    [
      "something deep inside a list",
      described(z.array(z.object({ deep: z.string().describe("Deep.") })).max(3)),
      "root.field[].deep: string without maxLength",
    ],
    [
      "something deep inside a map",
      described(z.record(z.string(), z.string())),
      "root.field{}: string without maxLength",
    ],
  ])("is refused when it is generated: %s", (_, schema, message) => {
    expect(() => structural(schema)).toThrow(message);
  });

  it.each([
    ["a date", z.date()],
    ["a bigint", z.bigint()],
    ["a transformation of what is read", z.transform((value) => value)],
  ])("is refused where JSON cannot say it: %s", (_, field) => {
    expect(() => structural(described(field))).toThrow();
  });
});

describe("a schema that is structural", () => {
  it("keeps defaults, bounds and the words of Kubernetes, and takes in what stands in a field once more", () => {
    const item = z.object({ name: bounded.describe("Name.") });
    const list = z
      .array(item)
      .max(2)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] });
    const schema = z.object({
      a: list.describe("First."),
      b: list.describe("Second.").optional(),
      c: z.int32().min(0).max(9).default(3).describe("Third."),
    });
    const items = {
      type: "object",
      properties: { name: { type: "string", maxLength: 8, description: "Name." } },
      required: ["name"],
    };
    const words = { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] };
    expect(structural(schema)).toMatchObject({
      type: "object",
      required: ["a"],
      properties: {
        a: { type: "array", maxItems: 2, items, description: "First.", ...words },
        b: { type: "array", maxItems: 2, items, description: "Second.", ...words },
        c: { type: "integer", minimum: 0, maximum: 9, default: 3 },
      },
    });
  });
});
