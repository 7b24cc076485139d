import { Command } from "commander";
import { pino } from "pino";
import { readAgentConfig } from "./config.ts";
import { said } from "./failure.ts";
import { startAgent } from "./start.ts";

/** `ashat agent --config <file>`: the process on a target. It runs until it is told to stop. */
export const agentCommand = (): Command => {
  const command = new Command("agent")
    .description("Runs the agent of a target: it takes signed orders, applies them and reports.")
    .requiredOption("--config <file>", "JSON or YAML: name, listen, tls, operatorKeys, root, health, hook, ...");
  return command.action(async ({ config }: { readonly config: string }) => {
    const logger = pino({ base: { role: "agent" } });
    try {
      const agent = await startAgent(await readAgentConfig(config), {
        log: (event, details) => logger.info(details, event),
        onStep: (step, key) => logger.debug({ step, key }, "step"),
      });
      const stop = (signal: NodeJS.Signals): void => {
        logger.info({ signal }, "agent stops");
        agent.close().catch((error: unknown) => logger.error({ error: said(error) }, "agent did not stop cleanly"));
      };
      process.once("SIGTERM", stop).once("SIGINT", stop);
    } catch (error) {
      command.error(`error: ${said(error)}`, { exitCode: 1 });
    }
  });
};
