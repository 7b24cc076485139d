import { z } from "zod";
import { listMap, text, time } from "./fields.ts";

export const Condition = z.object({
  type: z
    .string()
    .min(1)
    .max(316)
    .regex(/^[A-Za-z]+$/)
    .describe("What is judged, e.g. Ready."),
  status: z.enum(["True", "False", "Unknown"]).describe("True, False or Unknown."),
  reason: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[A-Z][A-Za-z0-9]*$/)
    .describe("Why, for machines, e.g. AwaitingApproval."),
  message: text(4096, "Why, for people, in one sentence."),
  lastTransitionTime: time("When the status of this condition last changed."),
  observedGeneration: z.int32().min(0).optional().describe("The generation this condition speaks of."),
});
export type Condition = z.output<typeof Condition>;

export const conditions = () => listMap(Condition, "type", 16, "What is true of this object now, by type.").optional();

export const observedGeneration = () =>
  z.int32().min(-1).optional().describe("The generation the operator has last looked at; -1 before it has.");

/** The part of ObjectMeta that this project reads. */
export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
