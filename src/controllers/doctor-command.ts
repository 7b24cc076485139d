import { Command, InvalidArgumentError } from "commander";
import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "../api/group.ts";
import { type Client, createClient } from "../kube/client.ts";
import { loadConfig } from "../kube/config.ts";
import { whoAmI } from "../kube/whoami.ts";
import { examine } from "./doctor.ts";
import { needsAdministrator } from "./doctor-login.ts";
import { voidApprovals, voidLines } from "./void-approvals.ts";

const seconds = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("use a whole number");
  return value;
};

const ACCOUNT_GROUPS = [
  "system:serviceaccounts",
  `system:serviceaccounts:${OPERATOR_NAMESPACE}`,
  "system:authenticated",
];

/** Only as the operator does a refused forgery prove anything: a cluster administrator may approve. */
async function asOperator(client: Client): Promise<Client> {
  const who = await whoAmI(client);
  if (who === OPERATOR_ACCOUNT) return client;
  const operator = client.as(OPERATOR_ACCOUNT, ACCOUNT_GROUPS);
  await whoAmI(operator).catch((error: unknown) => {
    throw needsAdministrator(error, who);
  });
  return operator;
}

interface Options {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly wait: number;
}

/** `ashat doctor`: whether an installation is in force; ends with 1 where something is not. */
export const doctorCommand = (out: (text: string) => void = (text) => void process.stdout.write(text)): Command =>
  new Command("doctor")
    .description("Says whether the installation is in force: kinds, rights, policies, a leader. Changes nothing.")
    .option(
      "--kubeconfig <file>",
      "kubeconfig to use instead of the pod's service account (needs the right to impersonate)",
    )
    .option("--context <name>", "context of that kubeconfig")
    .option("--wait <seconds>", "how long it may take until all is well", seconds, 60)
    .action(async ({ kubeconfig, context, wait }: Options) => {
      const connection = await loadConfig({
        env: process.env,
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(context !== undefined && { context }),
      });
      const client = createClient(connection, { fieldManager: "ashat-doctor", userAgent: "ashat-doctor" });
      try {
        const operator = await asOperator(client);
        const findings = await examine(operator, AbortSignal.timeout(wait * 1000));
        for (const { about, ok, sentence } of findings) out(`[${ok ? "+" : "-"}] ${about.padEnd(8)}  ${sentence}\n`);
        if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
        else for (const line of voidLines(await voidApprovals(operator))) out(`[!] ${"approval".padEnd(8)}  ${line}\n`);
      } finally {
        await client.close();
      }
    });
