import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { targetName } from "../api/order.ts";
import { parseRange } from "../dial/ip.ts";

const pin = z.string().regex(/^[0-9a-fA-F:]{64,95}$/, "must be the SHA-256 of the certificate in hex");
const file = z.string().min(1);

/** What the agent is given at install. Nothing in here can come from an order or an archive. */
export const AgentConfig = z
  .strictObject({
    name: targetName,
    listen: z
      .strictObject({ host: z.string().default("0.0.0.0"), port: z.number().int().min(0).max(65_535).default(7443) })
      .prefault({}),
    tls: z.strictObject({ certFile: file, keyFile: file }),
    operatorKeys: file,
    licensed: z.boolean().default(false),
    licenceKeys: file.optional(),
    root: file,
    hook: z
      .strictObject({
        command: z.array(z.string()).min(1).max(32),
        deadlineSeconds: z.number().positive().max(3600).default(60),
      })
      .optional(),
    health: z.strictObject({
      url: z.url({ protocol: /^https?$/ }),
      caFile: file.optional(),
      sha256: pin.optional(),
      deadlineSeconds: z.number().positive().max(3600).default(60),
      // Others may come before those that serve, and nothing is well then.
      layers: z.array(z.string().min(1)).min(1).max(16).optional(),
    }),
    fetch: z
      .strictObject({
        caFile: file.optional(),
        sha256: pin.optional(),
        allowHttp: z.boolean().default(false),
        allowAddresses: z
          .array(
            z
              .string()
              .refine((text) => parseRange(text) !== undefined, "must be a range of addresses such as 127.0.0.0/8"),
          )
          .max(64)
          .default([]),
        maxBytes: z
          .number()
          .int()
          .positive()
          .default(512 * 1024 * 1024),
        deadlineSeconds: z.number().positive().max(86_400).default(300),
        attempts: z.number().int().min(1).max(10).default(3),
      })
      .prefault({}),
    keep: z.number().int().min(2, "must be at least 2, so that the release before is there").max(100).default(3),
    limits: z
      .strictObject({
        maxEntries: z.number().int().positive().default(20_000),
        maxBytes: z
          .number()
          .int()
          .positive()
          .default(2 * 1024 * 1024 * 1024),
        maxRatio: z.number().positive().default(100),
      })
      .prefault({}),
  })
  .refine(({ licensed, licenceKeys }) => !licensed || licenceKeys !== undefined, {
    path: ["licenceKeys"],
    error: "is needed where licensed is true: the JWKS of whoever issues licences",
  });
export type AgentConfig = z.infer<typeof AgentConfig>;
export type AgentConfigInput = z.input<typeof AgentConfig>;

/** Reads JSON or YAML; relative paths count from the folder of the file. */
export const readAgentConfig = async (path: string): Promise<AgentConfig> => {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The agent's configuration ${path} cannot be read (${error.code ?? error.message}).`);
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new Error(
      // The parser goes on with the lines it stumbled over, and nobody knows what stands in them.
      `The agent's configuration ${path} is neither JSON nor YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : ""}`,
      { cause: error },
    );
  }
  const parsed = AgentConfig.safeParse(value);
  if (!parsed.success)
    throw new Error(`The agent's configuration ${path} is not valid:\n${z.prettifyError(parsed.error)}`);
  return absolute(parsed.data, dirname(resolve(path)));
};

const absolute = (config: AgentConfig, base: string): AgentConfig => {
  const at = (path: string): string => resolve(base, path);
  const ca = (caFile: string | undefined) => (caFile === undefined ? {} : { caFile: at(caFile) });
  return {
    ...config,
    root: at(config.root),
    operatorKeys: at(config.operatorKeys),
    tls: { certFile: at(config.tls.certFile), keyFile: at(config.tls.keyFile) },
    health: { ...config.health, ...ca(config.health.caFile) },
    fetch: { ...config.fetch, ...ca(config.fetch.caFile) },
    ...(config.licenceKeys === undefined ? {} : { licenceKeys: at(config.licenceKeys) }),
  };
};
