import { z } from "zod";
import { GROUP, TIERS } from "./group.ts";
import { TIME_GATES } from "./record.ts";
import { PHASES } from "./states.ts";

/** What somebody is told of an update without asking: where a person is needed, and how it ended. */
export const NOTICES = ["awaiting-approval", "held", "completed", "rolled-back", "overridden"] as const;
export type NoticeName = (typeof NOTICES)[number];

const PREFIX = `io.raos.ashat.deployment`;
export const eventType = (notice: NoticeName): string => `${PREFIX}.${notice}.v1`;

const NotificationData = z.object({
  update: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }).describe("The Deployment."),
  app: z.string().describe("The app that is updated."),
  version: z.string().describe("The version it is updated to."),
  tier: z.enum(TIERS).optional().describe("The tier the update is at."),
  phase: z.enum(PHASES).optional().describe("The phase of the update."),
  message: z.string().describe("One sentence for people: what happened, or what is needed, with the exact command."),
  approval: z.string().optional().describe("Approvals that count of those required, e.g. 1/2."),
  blockedBy: z
    .array(
      z.object({
        gate: z.string(),
        message: z.string(),
        who: z.string(),
        command: z.string().optional(),
        needed: z.number().optional().describe("How many more are needed."),
        since: z.string(),
      }),
    )
    .optional()
    .describe("The gates that are shut, and who can open them."),
  overrides: z
    .array(z.object({ user: z.string(), reason: z.string(), gates: z.array(z.enum(TIME_GATES)) }))
    .optional()
    .describe("Who opened a gate before its time, and why."),
  record: z
    .object({ seq: z.number(), hash: z.string() })
    .optional()
    .describe("The record that says so, as `deploy history` shows it."),
});
export type NotificationData = z.output<typeof NotificationData>;

/** A CloudEvent (1.0) about an update. `id` is made of what it says, so the same thing told twice is the same event. */
export const Notification = z
  .object({
    specversion: z.literal("1.0"),
    id: z.string().regex(/^[0-9a-f]{32}$/),
    source: z.string().min(1),
    type: z.enum(NOTICES.map(eventType) as [string, ...string[]]),
    subject: z.string().describe("Namespace and name of the Deployment."),
    time: z.iso.datetime().describe("Since when it is so."),
    datacontenttype: z.literal("application/json"),
    data: NotificationData,
  })
  .describe(`A notification of ${GROUP}.`);
export type Notification = z.output<typeof Notification>;
