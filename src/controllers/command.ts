import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { SETTINGS } from "../core/observed.ts";
import { type Client, createClient } from "../kube/client.ts";
import { loadConfig } from "../kube/config.ts";
import { readJwks, readSigningKey } from "../licence/key-files.ts";
import type { SigningKey } from "../licence/keys.ts";
import { parseRange } from "../dial/ip.ts";
import { createLog, type Level } from "../runtime/log.ts";
import { processMetrics } from "../runtime/metrics.ts";
import { mustBeOperator } from "./account.ts";
import { addressesOf, apiServerPlaces } from "./addresses.ts";
import { type NotifyFlags, readNotify, withNotifyFlags } from "./notify-options.ts";
import { runOperator } from "./operator.ts";
import { orderKeyOf } from "./order-key.ts";
import { ownImage } from "./own-image.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

const level = (text: string): Level => {
  const found = LEVELS.find((known) => known === text);
  if (found === undefined) throw new InvalidArgumentError(`use one of ${LEVELS.join(", ")}`);
  return found;
};

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("use a whole number");
  return value;
};

const ranges = (text: string, before: readonly string[]): readonly string[] => {
  if (parseRange(text) === undefined) throw new InvalidArgumentError("use a range such as 127.0.0.0/8");
  return [...before, text];
};

interface Options extends NotifyFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly orderKey?: string;
  readonly orderKeySecret?: string;
  readonly licenceKeys?: string;
  readonly checkImage?: string;
  readonly allowAddress: readonly string[];
  readonly healthPort: number;
  readonly checkpointInterval: number;
  readonly logLevel: Level;
  readonly deliveryTimeout: number;
  readonly podStartTimeout: number;
  readonly verificationAttempts: number;
}

const signingKey = (client: Client, { orderKey, orderKeySecret }: Options): Promise<SigningKey> => {
  if (orderKey !== undefined) return readSigningKey(orderKey);
  if (orderKeySecret !== undefined) return orderKeyOf(client, orderKeySecret);
  throw new Error(
    "No key to sign orders with: name its file with --order-key (ashat licence keygen makes one), or a Secret with --order-key-secret.",
  );
};

/** `ashat operator`: watches, judges, delivers. */
export const operatorCommand = (): Command =>
  withNotifyFlags(new Command("operator"))
    .description("Runs the operator until SIGTERM; one of several replicas works, the others wait.")
    .option("--kubeconfig <file>", "kubeconfig to use instead of the pod's service account")
    .option("--context <name>", "context of that kubeconfig")
    .addOption(
      new Option("--order-key <file>", "private key orders are signed with (ashat licence keygen)").conflicts(
        "orderKeySecret",
      ),
    )
    .option("--order-key-secret <name>", "Secret of its namespace with that key instead; made where there is none")
    .option("--licence-keys <file>", "JWKS of those who may issue licences; without it no licence is valid")
    .option("--check-image <image>", "image the verification Jobs run; that of its own pod where none is named")
    .option(
      "--allow-address <range>",
      "special addresses that targets may have, such as 127.0.0.0/8; repeat it for several",
      ranges,
      [],
    )
    .option("--health-port <port>", "port of /healthz, /readyz and /metrics", whole, 8081)
    .option(
      "--checkpoint-interval <seconds>",
      "how often the log says, signed, how far the records have come",
      whole,
      300,
    )
    .option("--log-level <level>", LEVELS.join(", "), level, "info")
    .option(
      "--delivery-timeout <seconds>",
      "how long a target may take to apply an update",
      whole,
      SETTINGS.deliveryMs / 1000,
    )
    .option("--pod-start-timeout <seconds>", "how long a check's pod may fail to start", whole, SETTINGS.startMs / 1000)
    .option(
      "--verification-attempts <n>",
      "verifications without proof before a person is asked",
      whole,
      SETTINGS.attempts,
    )
    .action(async (options: Options) => {
      const log = createLog(options.logLevel);
      const stop = new AbortController();
      for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
      const { kubeconfig, context } = options;
      const connection = await loadConfig({
        env: process.env,
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(context !== undefined && { context }),
      });
      const client = createClient(connection, { fieldManager: "ashat-operator", userAgent: "ashat-operator" });
      try {
        await mustBeOperator(client);
        const addresses = addressesOf(
          options.allowAddress,
          await apiServerPlaces({ server: connection.server, env: process.env, client, log }),
        );
        const notify = await readNotify(options, addresses.rules);
        await runOperator(
          {
            client,
            orderKey: await signingKey(client, options),
            licenceKeys: options.licenceKeys === undefined ? new Map() : await readJwks(options.licenceKeys),
            checkImage: options.checkImage ?? (await ownImage(client)),
            addresses,
            ...(notify !== undefined && { notify }),
            settings: {
              ...SETTINGS,
              deliveryMs: options.deliveryTimeout * 1000,
              startMs: options.podStartTimeout * 1000,
              attempts: options.verificationAttempts,
            },
            healthPort: options.healthPort,
            checkpointMs: Math.max(1, options.checkpointInterval) * 1000,
            identity: `${hostname()}_${randomUUID()}`,
            random: Math.random,
            metrics: processMetrics("ashat", manifest.version),
            log,
          },
          stop.signal,
        );
      } finally {
        await client.close();
      }
    });
