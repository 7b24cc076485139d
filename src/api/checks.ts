import { z } from "zod";
import { CATEGORIES, type Category } from "./categories.ts";

/** What a Server says about how it is verified (`spec.checks`). */

const int = (min: number, max: number) => z.int32().min(min).max(max).meta({ format: "int32" });

/** One slash, then no second slash and no backslash: a path can never name another host. */
const path = z
  .string()
  .max(1024)
  .regex(/^\/([!$-.0-[\]-~][!$-[\]-~]*)?$/);
const headerName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_|~-]+$/);
const headerValue = z
  .string()
  .max(1024)
  .regex(/^[ -~]*$/);

const unique = (keys: readonly string[]): boolean => new Set(keys).size === keys.length;

const Expectation = z.object({
  pointer: z
    .string()
    .max(256)
    .regex(/^(\/([^~/]|~[01])*)*$/)
    .describe(
      'Where to look in the JSON answer, as a JSON pointer (RFC 6901), for example "/status" or "/items/0/name"; "" is the whole answer.',
    ),
  equals: z
    .string()
    .max(1024)
    .describe(
      'What must be there, written as JSON; a plain string may stand without quotes. For example "ok", "true", "3" or \'{"up":true}\'.',
    ),
});
export type Expectation = z.infer<typeof Expectation>;

const expectations = (what: string) =>
  z
    .array(Expectation)
    .max(16)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["pointer"] })
    .refine((items) => unique(items.map((item) => item.pointer)), "each pointer may appear once")
    .describe(`${what} Each entry is one expectation, for example {pointer: "/status", equals: "ok"}.`);

const Header = z.object({
  name: headerName.describe('Name of the header, for example "Accept".'),
  value: headerValue.describe(
    'Value of the header, for example "application/json". Never a secret: it is stored in plain sight.',
  ),
});

const headers = (what: string) =>
  z
    .array(Header)
    .max(16)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .refine((items) => unique(items.map((item) => item.name)), "each header may appear once")
    .describe(`${what}, for example [{name: "Accept", value: "application/json"}].`);

const maxLatencyMs = int(1, 60_000);

const HealthCheck = z
  .object({
    path: path.default("/").describe('Path asked with GET, for example "/healthz".'),
    status: int(100, 599)
      .default(200)
      .describe("HTTP status that means healthy, for example 204. Redirects are not followed: a 302 is a 302."),
    contains: z.string().min(1).max(256).optional().describe('Text that the answer must contain, for example "ready".'),
    json: expectations("What the JSON answer must say.").optional(),
    maxLatencyMs: maxLatencyMs
      .default(5000)
      .describe("Longest time to the whole answer in milliseconds, for example 800."),
  })
  .describe(
    'Health Check: one GET, its status, latency and readiness body. For example {path: "/healthz", json: [{pointer: "/status", equals: "ok"}]}.',
  );

const ModulesCheck = z
  .object({
    path: path.describe(
      'Path that lists the loaded modules as [{"name", "version", "loaded"}] or {"modules": [...]}, for example "/api/modules".',
    ),
  })
  .describe(
    'Module Load Test: every module of the update is loaded, and all parts report the version of the update. For example {path: "/api/modules"}.',
  );

const ApiRequest = z.object({
  name: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9])?$/)
    .describe('Name of the request in the result, for example "list items".'),
  method: z
    .enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    .default("GET")
    .describe('HTTP method, for example "POST".'),
  path: path.describe('Path that is asked, for example "/api/items?limit=1".'),
  headers: headers("Headers to send").optional(),
  body: z.string().max(4096).optional().describe('Body to send, for example \'{"name":"probe"}\'.'),
  expect: z
    .object({
      status: int(100, 599).default(200).describe("HTTP status the answer must have, for example 201."),
      headers: headers("Headers the answer must have, values compared exactly").optional(),
      json: expectations("What the JSON answer must say.").optional(),
    })
    .prefault({})
    .describe('What the answer must be, for example {status: 200, json: [{pointer: "/0/id", equals: "1"}]}.'),
});
export type ApiRequest = z.infer<typeof ApiRequest>;

const ApiCheck = z
  .object({
    requests: z
      .array(ApiRequest)
      .min(1)
      .max(16)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
      .refine((items) => unique(items.map((item) => item.name)), "each request name may appear once")
      .describe('Requests, asked in this order, for example [{name: "list items", path: "/api/items"}].'),
  })
  .describe(
    'API Endpoint Test: a list of requests with what each must answer. For example {requests: [{name: "list items", path: "/api/items"}]}.',
  );

const DatabaseCheck = z
  .object({
    secretRef: z
      .object({
        name: z
          .string()
          .min(1)
          .max(253)
          .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/)
          .describe('Name of the Secret in the namespace of the Server, for example "ra-db".'),
        key: z
          .string()
          .min(1)
          .max(253)
          .regex(/^[A-Za-z0-9._-]+$/)
          .default("url")
          .describe('Key in the Secret whose value is the URL, for example "url".'),
      })
      .describe(
        'Secret with the URL of the database, "postgres://user:password@host:5432/name". For example {name: "ra-db"}.',
      ),
    query: z
      .string()
      .min(1)
      .max(1024)
      .default("SELECT 1")
      .describe('Query that must succeed, run in a read-only transaction, for example "SELECT count(*) FROM items".'),
    maxLatencyMs: maxLatencyMs.default(2000).describe("Longest time of the query in milliseconds, for example 500."),
  })
  .describe('Database Connection: a real connection and a real query. For example {secretRef: {name: "ra-db"}}.');

const PerformanceCheck = z
  .object({
    path: path.default("/").describe('Path asked with GET under load, for example "/api/items".'),
    requestsPerSecond: int(1, 200)
      .default(20)
      .describe("Constant rate at which requests start, whether or not earlier ones were answered, for example 50."),
    seconds: int(1, 60).default(10).describe("How long the load lasts in seconds, for example 15."),
    maxP99Ms: int(1, 60_000)
      .optional()
      .describe("Longest 99th percentile in milliseconds whatever the baseline says, for example 400."),
    tolerancePercent: int(1, 1000)
      .default(20)
      .describe("A slowdown up to this many percent of the baseline is no failure, for example 30."),
    toleranceMs: int(0, 60_000)
      .default(5)
      .describe("A slowdown up to this many milliseconds is no failure, for example 10."),
    maxErrorPercent: int(0, 100)
      .default(1)
      .describe("Share of requests in percent that may fail (no answer, or a status other than 2xx), for example 0."),
  })
  .describe(
    'Performance Baseline: latency under a constant rate, compared with the last good run of this target and app. For example {path: "/api/items", requestsPerSecond: 50}.',
  );

const SecurityCheck = z
  .object({
    path: path.default("/").describe('Path whose answer is looked at, for example "/login".'),
    minDaysLeft: int(0, 3650)
      .default(14)
      .describe("Days for which the certificate must still be valid, for example 30."),
    requireHeaders: z
      .array(headerName)
      .max(32)
      .meta({ "x-kubernetes-list-type": "set" })
      .refine(unique, "each header may appear once")
      .default(["strict-transport-security", "x-content-type-options"])
      .describe(
        'Headers that must be there with a safe value, for example ["strict-transport-security", "content-security-policy"].',
      ),
    allow: z
      .array(
        z
          .string()
          .max(160)
          .regex(/^(header|cookie|banner)\/[A-Za-z0-9!#$%&'*+.^_|~-]+$/),
      )
      .max(32)
      .meta({ "x-kubernetes-list-type": "set" })
      .refine(unique, "each finding may appear once")
      .optional()
      .describe(
        'Findings that are accepted, named as the result names them, for example ["cookie/XSRF-TOKEN", "banner/server"].',
      ),
  })
  .describe("Security Scan: TLS versions, certificate, headers, cookies and banners. For example {minDaysLeft: 30}.");

export const Checks = z
  .object({
    health: HealthCheck.prefault({}),
    modules: ModulesCheck.optional(),
    api: ApiCheck.optional(),
    database: DatabaseCheck.optional(),
    performance: PerformanceCheck.optional(),
    security: SecurityCheck.optional(),
    required: z
      .array(z.enum(CATEGORIES))
      .min(1)
      .max(CATEGORIES.length)
      .meta({ "x-kubernetes-list-type": "set" })
      .refine(unique, "each category may appear once")
      .optional()
      .describe(
        'Categories that must pass; without it all configured ones. For example ["Health Check", "Module Load Test"].',
      ),
  })
  .describe(
    'How an update on this server is verified; the Health Check always is. For example {modules: {path: "/api/modules"}, database: {secretRef: {name: "ra-db"}}}.',
  );
export type Checks = z.infer<typeof Checks>;

const PART: Readonly<Record<Category, Exclude<keyof Checks, "required">>> = {
  "Health Check": "health",
  "Module Load Test": "modules",
  "API Endpoint Test": "api",
  "Database Connection": "database",
  "Performance Baseline": "performance",
  "Security Scan": "security",
};

/** The categories that are configured, in the order that gives each its index inside the verification Job. */
export const configuredCategories = (checks: Checks): readonly Category[] =>
  CATEGORIES.filter((category) => checks[PART[category]] !== undefined);

/** The categories without whose `Passed` nothing moves; one of them may be `NotConfigured`, and then nothing does. */
export const requiredCategories = (checks: Checks): readonly Category[] =>
  checks.required ?? configuredCategories(checks);
