import { writeFile } from "node:fs/promises";
import { CHECK_ENV, CheckInput, type CheckDocument } from "../api/check-run.ts";
import { jobAddresses } from "./job-addresses.ts";
import type { Subject } from "./check.ts";
import { runCheck } from "./run.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_TERMINATION_LOG = "/dev/termination-log";

/** The input as the operator wrote it; the sentence never repeats it. */
const readInput = (env: Environment): CheckInput => {
  const text = env[CHECK_ENV.input];
  if (text === undefined)
    throw new Error(
      `${CHECK_ENV.input} is not set: "ashat check" without a category runs inside a verification Job; by hand, name one, for example: ashat check health --url https://example.com`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(
      `${CHECK_ENV.input} is not JSON; the operator that made this Job and the runner in its image must be of one version.`,
    );
  }
  const parsed = CheckInput.safeParse(json);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".")}: ${issue.message}`)
    .join("; ");
  throw new Error(
    `${CHECK_ENV.input} is not what this runner understands (${where}); the operator and the runner's image must be of one version.`,
  );
};

const subjectOf = (input: CheckInput, env: Environment, databaseUrl = env[CHECK_ENV.databaseUrl]): Subject => ({
  url: input.url,
  addresses: jobAddresses(input.addresses, env),
  trust: {
    ...(input.tls?.sha256 === undefined ? {} : { sha256: input.tls.sha256 }),
    ...(input.tls?.caPem === undefined ? {} : { ca: input.tls.caPem }),
  },
  version: input.version,
  checks: input.checks,
  ...(input.modules === undefined ? {} : { modules: input.modules }),
  ...(input.moduleVersions === undefined ? {} : { moduleVersions: input.moduleVersions }),
  ...(input.baseline === undefined ? {} : { baseline: input.baseline }),
  ...(databaseUrl === undefined ? {} : { databaseUrl }),
});

/**
 * The run inside the Job: one category, picked by the index of the pod, its document written where the kubelet reads it.
 * Rejects only when no document could be written; a `Failed` one is written like any other, so that no retry can hide it.
 */
export const runJob = async (env: Environment, signal: AbortSignal): Promise<CheckDocument> => {
  const input = readInput(env);
  const index = env[CHECK_ENV.index] ?? "";
  const category = /^\d+$/.test(index) ? input.categories[Number(index)] : undefined;
  if (category === undefined)
    throw new Error(
      `${CHECK_ENV.index} is "${index.slice(0, 20)}", which is none of the ${input.categories.length} categories of this Job.`,
    );
  const document = await runCheck(category, subjectOf(input, env), signal);
  await writeFile(env[CHECK_ENV.terminationLog] ?? DEFAULT_TERMINATION_LOG, JSON.stringify(document));
  return document;
};
