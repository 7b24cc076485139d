/**
 * `npm run attacks [-- <part of a file name>]`: what people who may not do it do to the API server, to updates and to agents, all of it; `npm
 * test` runs the same with fewer of the slowest. It prints the tables, and ends with 1 where one request or forgery was answered as it should not be.
 */
import { createVitest } from "vitest/node";

/** Each prints its table; what is hostile without a cluster stands beside the source it attacks. */
const FILES = ["test/apiserver/attacks", "test/e2e/forgeries"] as const;

process.env["ASHAT_ATTACKS"] = "all";
process.env["ASHAT_LONG"] = "1";
const wanted = process.argv.slice(2);
const files = FILES.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
const vitest = await createVitest("test", { run: true, watch: false, reporters: ["default"] });
const { testModules, unhandledErrors } = await vitest.start(files.length > 0 ? [...files] : wanted);
await vitest.close();
const tests = testModules.flatMap((module) => [...module.children.allTests()]);
const failed = tests.filter((test) => test.result().state === "failed").length + unhandledErrors.length;
console.log(
  `\n${tests.length} tables of attacks and forgeries, ${failed} with an answer that should not be: see the counts above`,
);
process.exit(failed > 0 || tests.length === 0 ? 1 : 0);
