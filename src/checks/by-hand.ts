import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { CHECK_ENV, CheckDocument, Fingerprint, type Baseline } from "../api/check-run.ts";
import { Checks } from "../api/checks.ts";
import type { Category } from "../api/categories.ts";
import { ANY_ADDRESS } from "../dial/address-rules.ts";
import type { Subject } from "./check.ts";

/** A sentence for whoever typed the command; it is a mistake in using it and no verdict. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What is typed, as commander gives it; numbers are still text. */
export interface Typed {
  /** Where it is not typed, the Server manifest of --file names it. */
  readonly url?: string;
  readonly sha256?: string;
  readonly ca?: string;
  readonly file?: string;
  readonly path?: string;
  readonly status?: string;
  readonly contains?: string;
  readonly maxLatency?: string;
  readonly updateVersion?: string;
  readonly module?: readonly string[];
  readonly query?: string;
  readonly rate?: string;
  readonly seconds?: string;
  readonly maxP99?: string;
  readonly tolerance?: string;
  readonly baseline?: string;
  readonly minDaysLeft?: string;
  readonly allow?: readonly string[];
}

const contentOf = async (path: string, what: string): Promise<string> =>
  readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(
      `${what} ${path} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "unknown error"}).`,
    );
  });

const yamlOf = async (path: string): Promise<unknown> => {
  try {
    return parse(await contentOf(path, "The file"));
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`The file ${path} is not YAML.`);
  }
};

const PartOf = z.record(z.string(), z.unknown());

const ServerManifest = z.object({
  spec: z.object({
    url: z.string().optional(),
    tls: z.object({ sha256: z.string().optional() }).optional(),
    checks: PartOf.optional(),
  }),
});

interface FromFile {
  readonly url?: string | undefined;
  readonly sha256?: string | undefined;
  readonly checks: Readonly<Record<string, unknown>>;
}

/** What a Server manifest says of the server and its checks, or a file that holds only the checks. */
const fromFile = async (path: string): Promise<FromFile> => {
  const document = await yamlOf(path);
  const server = ServerManifest.safeParse(document);
  if (server.success) {
    const { url, tls, checks = {} } = server.data.spec;
    return { url, sha256: tls?.sha256, checks };
  }
  const checks = PartOf.safeParse(document);
  if (!checks.success) throw new UsageError(`The file ${path} holds neither a Server nor its checks.`);
  return { checks: checks.data };
};

const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

type Part = Readonly<Record<string, unknown>>;

/** What was typed goes over what the file says. */
const TYPED: Readonly<Record<Category, (typed: Typed) => readonly [name: string, part: Part]>> = {
  "Health Check": ({ path, status, contains, maxLatency }) => [
    "health",
    { path, status: number(status), contains, maxLatencyMs: number(maxLatency) },
  ],
  "Module Load Test": ({ path }) => ["modules", { path }],
  "API Endpoint Test": ({ path, status }) => [
    "api",
    path === undefined
      ? {}
      : {
          requests: [
            { name: "request", path, ...(status === undefined ? {} : { expect: { status: Number(status) } }) },
          ],
        },
  ],
  "Database Connection": ({ query, maxLatency }) => [
    "database",
    { secretRef: { name: "by-hand" }, query, maxLatencyMs: number(maxLatency) },
  ],
  "Performance Baseline": ({ path, rate, seconds, maxP99, tolerance }) => [
    "performance",
    {
      path,
      requestsPerSecond: number(rate),
      seconds: number(seconds),
      maxP99Ms: number(maxP99),
      tolerancePercent: number(tolerance),
    },
  ],
  "Security Scan": ({ path, minDaysLeft, allow }) => ["security", { path, minDaysLeft: number(minDaysLeft), allow }],
};

const trustOf = async ({ sha256, ca }: Pick<Typed, "sha256" | "ca">): Promise<Subject["trust"]> => {
  if (sha256 !== undefined && !Fingerprint.safeParse(sha256).success)
    throw new UsageError(
      "--sha256 wants the SHA-256 of the server's certificate: 64 hexadecimal digits, colons allowed.",
    );
  return {
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(ca === undefined ? {} : { ca: await contentOf(ca, "The CA file") }),
  };
};

/** A baseline by hand is a document an earlier run has printed with `-o json`. */
const baselineOf = async (path: string): Promise<Baseline> => {
  const document = CheckDocument.safeParse(await yamlOf(path));
  const baseline = document.success ? document.data.baseline : undefined;
  if (baseline === undefined)
    throw new UsageError(
      `The file ${path} holds no baseline: write one with "ashat check performance --url ... -o json".`,
    );
  return baseline;
};

export const subjectByHand = async (
  category: Category,
  typed: Typed,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Subject> => {
  const { checks: file, ...server }: FromFile = typed.file === undefined ? { checks: {} } : await fromFile(typed.file);
  const url = z.url({ protocol: /^https?$/ }).safeParse(typed.url ?? server.url);
  if (!url.success)
    throw new UsageError(
      "--url wants an address such as https://shop.example; --file with a Server manifest has it, too.",
    );
  const sha256 = typed.sha256 ?? (typed.ca === undefined ? server.sha256 : undefined);
  const [part, said] = TYPED[category](typed);
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  const checks = Checks.safeParse({ ...file, [part]: { ...PartOf.safeParse(file[part]).data, ...given } });
  if (!checks.success) {
    const [issue] = checks.error.issues;
    throw new UsageError(
      `checks.${issue?.path.join(".") ?? part} is not right: ${issue?.message ?? "unknown"}. Give it as an option or with --file (a Server manifest).`,
    );
  }
  const databaseUrl = env[CHECK_ENV.databaseUrl];
  if (category === "Database Connection" && databaseUrl === undefined)
    throw new UsageError(
      `Set ${CHECK_ENV.databaseUrl} to the URL of the database; it is not taken from the command line, where others could read it.`,
    );
  return {
    url: url.data,
    addresses: ANY_ADDRESS,
    trust: await trustOf({ ...(sha256 !== undefined && { sha256 }), ...(typed.ca !== undefined && { ca: typed.ca }) }),
    version: typed.updateVersion ?? "by-hand",
    checks: checks.data,
    ...(typed.module === undefined ? {} : { modules: typed.module }),
    ...(typed.baseline === undefined ? {} : { baseline: await baselineOf(typed.baseline) }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  };
};
