import { readAgentConfig } from "../../src/agent/config.ts";
import { startAgent } from "../../src/agent/start.ts";

/** An agent as a process of its own, which kills itself at one step: no handler runs, nothing is flushed. */
const [config = "", dieAt = ""] = process.argv.slice(2);
const agent = await startAgent(await readAgentConfig(config), {
  onStep: (step) => {
    if (step === dieAt) process.kill(process.pid, "SIGKILL");
  },
});
process.stdout.write(`${JSON.stringify({ port: agent.port })}\n`);
