import { Command, Option } from "commander";
import type { Category } from "../api/categories.ts";
import type { CheckDocument } from "../api/check-run.ts";
import { subjectByHand, UsageError, type Typed } from "./by-hand.ts";
import { runJob } from "./job.ts";
import { runCheck } from "./run.ts";

const EXIT = { Passed: 0, Failed: 3, Inconclusive: 1 } as const;
const USAGE = 2;
/** A database is asked for itself, so no server is named and none is asked. */
const NO_SERVER = "https://localhost";

/** What a person reads: the sentence first, then what stands behind it. */
export const printed = (document: CheckDocument): string =>
  [
    `${document.category}: ${document.verdict} (${document.durationMs} ms)`,
    document.message,
    ...document.asserted.map((claim) => `  asserted  ${claim}`),
    ...Object.entries(document.measurements).map(([name, value]) => `  measured  ${name} = ${value}`),
  ].join("\n");

const stopOnSignal = (): AbortSignal => {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  return stop.signal;
};

/** Whatever a target keeps open must not keep this process: it ends here, after its last byte is out. */
const leave = (code: number, text: string, stream: NodeJS.WriteStream): void =>
  void stream.write(text, () => process.exit(code));

const byHand =
  (category: Category) =>
  async (typed: Typed & { readonly output: string }): Promise<void> => {
    try {
      const document = await runCheck(
        category,
        await subjectByHand(
          category,
          category === "Database Connection" ? { url: NO_SERVER, ...typed } : typed,
          process.env,
        ),
        stopOnSignal(),
      );
      leave(
        EXIT[document.verdict],
        `${typed.output === "json" ? JSON.stringify(document) : printed(document)}\n`,
        process.stdout,
      );
    } catch (error) {
      leave(
        error instanceof UsageError ? USAGE : EXIT.Inconclusive,
        `${error instanceof Error ? error.message : String(error)}\n`,
        process.stderr,
      );
    }
  };

const SUBCOMMANDS: readonly {
  readonly name: string;
  readonly category: Category;
  readonly says: string;
  readonly options: readonly (readonly [flags: string, says: string])[];
}[] = [
  {
    name: "health",
    category: "Health Check",
    says: "one GET: status, latency, readiness body",
    options: [
      ["--path <path>", 'path to ask (default "/")'],
      ["--status <code>", "status that means healthy (default 200)"],
      ["--contains <text>", "text the answer must contain"],
      ["--max-latency <ms>", "longest time to the whole answer"],
    ],
  },
  {
    name: "modules",
    category: "Module Load Test",
    says: "every module is loaded and reports the version of the update",
    options: [
      ["--path <path>", "path that lists the modules"],
      ["--module <name...>", "modules that must be there"],
    ],
  },
  {
    name: "api",
    category: "API Endpoint Test",
    says: "a list of requests (--file) or one GET (--path)",
    options: [
      ["--path <path>", "path of a single GET"],
      ["--status <code>", "status it must answer (default 200)"],
    ],
  },
  {
    name: "database",
    category: "Database Connection",
    says: "a real query; the URL comes from ASHAT_DATABASE_URL",
    options: [
      ["--query <sql>", 'query to run (default "SELECT 1")'],
      ["--max-latency <ms>", "longest time of the query"],
    ],
  },
  {
    name: "performance",
    category: "Performance Baseline",
    says: "latency under a constant rate, compared with a baseline",
    options: [
      ["--path <path>", 'path to ask (default "/")'],
      ["--rate <n>", "requests per second (default 20)"],
      ["--seconds <n>", "how long (default 10)"],
      ["--max-p99 <ms>", "longest 99th percentile"],
      ["--tolerance <percent>", "slowdown that is no failure (default 20)"],
      ["--baseline <file>", "document of an earlier run (-o json)"],
      ["--update-version <version>", "version that runs, noted in the baseline"],
    ],
  },
  {
    name: "security",
    category: "Security Scan",
    says: "TLS, certificate, headers, cookies, banners",
    options: [
      ["--path <path>", 'path whose answer is looked at (default "/")'],
      ["--min-days-left <days>", "days the certificate must still be valid (default 14)"],
      ["--allow <finding...>", 'findings to accept, for example "banner/server"'],
    ],
  },
];

/**
 * `ashat check`: without a category the run inside the verification Job (exit 0 whenever a document was written); with one the
 * same check by hand (exit 0 passed, 3 failed, 1 inconclusive, 2 wrong usage).
 */
export const checkCommand = (): Command => {
  const command = new Command("check")
    .description(
      "Runs one of the six checks: by hand against any server, or, without a category, inside a verification Job.",
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE))
    .allowExcessArguments()
    .action(async (_options: unknown, self: Command) => {
      const [word] = self.args;
      if (word !== undefined)
        self.error(
          `error: there is no check "${word}"; the checks are ${SUBCOMMANDS.map(({ name }) => name).join(", ")}.`,
        );
      try {
        const document = await runJob(process.env, stopOnSignal());
        leave(0, `${printed(document)}\n`, process.stdout);
      } catch (error) {
        leave(
          1,
          `No document was written: ${error instanceof Error ? error.message : String(error)}\n`,
          process.stderr,
        );
      }
    });
  for (const { name, category, says, options } of SUBCOMMANDS) {
    const sub = command.command(name).description(`${category}: ${says}`);
    if (category !== "Database Connection")
      sub
        .option("--url <url>", "address of the server")
        .option("--sha256 <hex>", "SHA-256 of its certificate, when it is pinned")
        .option("--ca <file>", "CA certificates in PEM, when it has a CA of its own");
    sub.option(
      "-f, --file <file>",
      "a Server manifest, or only its checks, in YAML: what is not given as an option comes from it",
    );
    for (const [flags, text] of options) sub.option(flags, text);
    if (category === "Module Load Test")
      sub.requiredOption("--update-version <version>", "version every module must report");
    sub
      .addOption(
        new Option("-o, --output <format>", "how the result is printed").choices(["text", "json"]).default("text"),
      )
      .action(byHand(category));
  }
  return command;
};
