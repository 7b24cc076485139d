import { z } from "zod";
import { Checks } from "./checks.ts";
import { httpsUrl, objectName } from "./fields.ts";
import type { Metadata } from "./meta.ts";
import { AgentAddress, DriftPolicy, OnFailure, type TargetStatus, Tls } from "./target.ts";

export const MainframeSpec = z
  .object({
    omega: objectName("The Omega server that feeds this installation, e.g. ra-01."),
    agent: AgentAddress,
    url: httpsUrl("Where the installation answers; with it the checks run as a Job, too.").optional(),
    tls: Tls.optional(),
    checks: Checks.prefault({}),
    licence: z
      .string()
      .max(4096)
      .regex(/^[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+$/)
      .optional()
      .describe("The licence as `ashat licence issue` prints it; without a valid one nothing is delivered."),
    onFailure: OnFailure.default("Restore").describe(
      "After a written failure: hold it as it is, or restore what ran before.",
    ),
    drift: DriftPolicy,
    wave: z
      .int32()
      .min(1)
      .max(100)
      .default(1)
      .describe("Waves go one after the other: 2 begins when every mainframe of 1 has passed."),
  })
  .describe("One licensed installation, fed by an Omega server.");
export type MainframeSpec = z.output<typeof MainframeSpec>;

export interface Mainframe {
  readonly kind: "Mainframe";
  readonly metadata: Metadata;
  readonly spec: MainframeSpec;
  readonly status: TargetStatus;
}
