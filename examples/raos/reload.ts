import { argv } from "node:process";

/** The hook of the sample's agent: tells the server to take the release that was switched to. */
const [port] = argv.slice(2);
if (port === undefined || !/^\d+$/.test(port)) {
  console.error("usage: node examples/raos/reload.ts <admin port>");
  process.exit(2);
}
const answer = await fetch(`http://127.0.0.1:${port}/-/reload`, {
  method: "POST",
  signal: AbortSignal.timeout(30_000),
});
console.log(answer.status, await answer.text());
process.exitCode = answer.ok ? 0 : 1;
