import { z } from "zod";

export type JsonSchema = { readonly [key: string]: unknown };

/** Keywords a structural schema may use here; anything else would be dropped or refused by some API server. */
const KEYWORDS = new Set([
  "type",
  "description",
  "properties",
  "required",
  "items",
  "additionalProperties",
  "enum",
  "default",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maxProperties",
  "x-kubernetes-validations",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-preserve-unknown-fields",
]);

/** Look-around does not exist in the RE2 of the API server. */
const LOOK_AROUND = /\(\?[=!<]/;

/**
 * The structural schema (OpenAPI v3 as CRDs want it) of a zod schema. Throws on whatever an API server would refuse
 * or silently drop, so that a mistake ends `npm run generate` and not an installation.
 */
export function structural(schema: z.ZodType): JsonSchema {
  const raw = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input",
    cycles: "throw",
    reused: "inline",
    unrepresentable: "throw",
    override: ({ jsonSchema }) => {
      if (jsonSchema["x-kubernetes-preserve-unknown-fields"] === true) delete jsonSchema.additionalProperties;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  const { $schema: _, ...root } = raw as JsonSchema;
  check(root, "root");
  return root;
}

function check(node: JsonSchema, path: string): void {
  const fail = (what: string): never => {
    throw new Error(`${path}: ${what}`);
  };
  for (const keyword of Object.keys(node)) if (!KEYWORDS.has(keyword)) fail(`keyword ${keyword} is not structural`);
  if (typeof node.type !== "string") fail("has no type");
  if (typeof node.description !== "string" && path !== "root") fail("has no description");
  if (typeof node.pattern === "string" && LOOK_AROUND.test(node.pattern)) fail("pattern uses look-around");
  if (node.type === "string" && node.maxLength === undefined && node.enum === undefined)
    fail("string without maxLength");
  if (node.type === "array" && node.maxItems === undefined) fail("array without maxItems");
  if (node.type === "integer" && (node.minimum === undefined || node.maximum === undefined))
    fail("integer without bounds");
  for (const [name, child] of Object.entries((node.properties ?? {}) as Record<string, JsonSchema>))
    check(child, `${path}.${name}`);
  if (node.items !== undefined) check({ description: "item", ...(node.items as JsonSchema) }, `${path}[]`);
  if (typeof node.additionalProperties === "object" && node.additionalProperties !== null)
    check({ description: "value", ...(node.additionalProperties as JsonSchema) }, `${path}{}`);
}
