import { z } from "zod";
import { SEMVER_PATTERN } from "./version.ts";

/** What the operator and the agent on a target say to each other. */

const label = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be lower-case letters, digits and '-', at most 63");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in 64 lower-case hex digits");
const seconds = z.number().int().min(0).max(253_402_300_799);
const time = z.iso.datetime();
/** The highest sequence that claims and records can hold. */
const MAX_SEQUENCE = 2_000_000_000;
const sequence = z.number().int().min(1).max(MAX_SEQUENCE);
/** What a target says it has taken leaves room for a next one; a status that does not is no answer. */
const taken = sequence.max(MAX_SEQUENCE - 1);
/** How many apps, each of their layers counted, one agent answers for. */
export const MAX_APPS = 100;
/** Agents of another version may know other reasons, so a reader takes any well-formed one. */
const reasonText = z.string().regex(/^[A-Z][A-Za-z]{0,63}$/);
const versionText = z.string().max(128).regex(new RegExp(SEMVER_PATTERN), "must be a SemVer version");

/** `<namespace>/<name>` of a Server or Mainframe: what an order, a read token and a licence are bound to. */
export const targetName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/, "must be <namespace>/<name>");

export interface OrderKeyParts {
  readonly targetUid: string;
  readonly app: string;
  readonly layer: string;
  readonly sequence: number;
}

const KEY = /^([0-9A-Za-z-]{1,64})\.([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.([1-9][0-9]{0,9})$/;

/** The idempotency key of an order: safe in a URL, and readable because neither part can hold a dot. */
export const orderKey = ({ targetUid, app, layer, sequence }: OrderKeyParts): string =>
  `${targetUid}.${app}.${layer}.${sequence}`;

export const parseOrderKey = (key: string): OrderKeyParts | undefined => {
  const [, targetUid, app, layer, sequence] = KEY.exec(key) ?? [];
  if (targetUid === undefined || app === undefined || layer === undefined) return undefined;
  return { targetUid, app, layer, sequence: Number(sequence) };
};

/** Not narrower than what an update may name, so that whatever was admitted can be signed; no credentials before the host. */
const archiveUrl = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[^\s/@]+(\/[^\s]*)?$/, "must be an http(s) URL without credentials");

const ordered = {
  aud: targetName,
  key: z.string().regex(KEY, "must be <target uid>.<app>.<layer>.<sequence>"),
  deployment: z.string().min(1).max(64),
  app: label,
  layer: label,
  version: versionText,
  sha256,
  sequence,
  snapshot: z.string().min(1).max(300),
  nbf: seconds,
  exp: seconds,
};

/** Fetch this archive and let it run. */
export const DeliverClaims = z.strictObject({
  ...ordered,
  action: z.literal("deliver"),
  url: archiveUrl,
  licence: z.string().max(8192).optional(),
});
export type DeliverClaims = z.infer<typeof DeliverClaims>;

/** Let the release that the agent kept of this digest run again; nothing is fetched, and no licence is asked for. */
export const RestoreClaims = z.strictObject({ ...ordered, action: z.literal("restore") });
export type RestoreClaims = z.infer<typeof RestoreClaims>;

/** `version` and `sha256` are of the release that shall run afterwards, whatever the action. */
export const OrderClaims = z.discriminatedUnion("action", [DeliverClaims, RestoreClaims]);
export type OrderClaims = z.infer<typeof OrderClaims>;

const RENEWABLE: ReadonlySet<string> = new Set(["nbf", "exp", "licence"]);

/** What makes two orders the same one: a renewed term or licence changes nothing of what is to be done. */
export const orderIdentity = (claims: OrderClaims): string =>
  JSON.stringify(
    Object.entries(claims)
      .filter(([name]) => !RENEWABLE.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

export const ReadClaims = z.strictObject({ aud: targetName, purpose: z.literal("read"), exp: seconds });
export type ReadClaims = z.infer<typeof ReadClaims>;

export const ORDER_STATES = ["Accepted", "Fetching", "Unpacking", "Switching", "Applied", "Failed"] as const;
export type OrderState = (typeof ORDER_STATES)[number];

export const orderEnded = (state: OrderState): boolean => state === "Applied" || state === "Failed";

/** Why a licence lets nothing be delivered. */
export const LICENCE_REASONS = [
  "LicenceMissing",
  "LicenceMalformed",
  "LicenceSignatureInvalid",
  "LicenceWrongMainframe",
  "LicenceVersionNotEntitled",
  "LicenceNotYetValid",
  "LicenceExpired",
] as const;
export type LicenceReason = (typeof LICENCE_REASONS)[number];

/** Why an order that was taken ended in Failed; its sequence is used up. */
export const FAILURE_REASONS = [
  "Expired",
  ...LICENCE_REASONS,
  "FetchFailed",
  "DigestMismatch",
  "ArchiveRefused",
  "ManifestMismatch",
  "HookFailed",
  "HealthFailed",
  "SnapshotGone",
  "AgentTrouble",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** Why an order was not taken at all: nothing was journalled and its sequence is still free. */
export const REFUSAL_REASONS = [
  "Unauthorized",
  "WrongAudience",
  "Expired",
  "NotYetValid",
  "Malformed",
  "TooLarge",
  "KeyMismatch",
  "KeyReused",
  "SequenceTooLow",
  "TooManyApps",
  "Busy",
  "NotFound",
  ...LICENCE_REASONS,
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** The agent's answer to an order it has taken. `activations` counts the switches done for this key: never more than one. */
export const OrderReport = z.object({
  key: z.string().max(256),
  state: z.enum(ORDER_STATES),
  reason: reasonText,
  message: z.string().max(2048),
  activations: z.number().int().min(0),
  at: time,
  modules: z.array(z.string().max(256)).max(256).optional(),
});
export type OrderReport = z.infer<typeof OrderReport>;

/** The agent's answer to what it did not take; `sequence` is the one it knows, where that is the reason. */
export const Refusal = z.object({
  reason: reasonText,
  message: z.string().max(2048),
  sequence: z.number().int().min(0).max(MAX_SEQUENCE).optional(),
});
export type Refusal = z.infer<typeof Refusal>;

export const AgentHealth = z.object({ ok: z.boolean(), message: z.string().max(1024), at: time });
export type AgentHealth = z.infer<typeof AgentHealth>;

/**
 * What runs on the target for one app and layer; `digest` is the SHA-256 of the archive it came from. `previous` is what ran
 * before it and is kept: what a restore would put back.
 */
export const RunningApp = z.object({
  app: label,
  layer: label,
  sequence: taken,
  version: versionText,
  digest: sha256,
  key: z.string().max(256),
  since: time,
  modules: z.array(z.string().max(256)).max(256),
  health: AgentHealth,
  previous: z.object({ version: versionText, digest: sha256 }).optional(),
});
export type RunningApp = z.infer<typeof RunningApp>;

/**
 * `seen` is the newest order taken per app and layer, also one that failed: the next sequence must be higher. Until its state is
 * Applied or Failed the agent is at work on it, for whichever object's uid its key begins with.
 */
export const AgentStatus = z.object({
  agent: z.object({ name: targetName, version: z.string().max(64) }),
  at: time,
  apps: z.array(RunningApp).max(MAX_APPS),
  seen: z
    .array(
      z.object({ app: label, layer: label, sequence: taken, key: z.string().max(256), state: z.enum(ORDER_STATES) }),
    )
    .max(MAX_APPS),
  activations: z.array(z.object({ key: z.string().max(256), count: z.number().int().min(0) })).max(256),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

/** `ashat.json` at the root of an archive. */
export const ReleaseManifest = z.object({
  app: label,
  version: versionText,
  layer: label,
  modules: z.array(z.object({ name: z.string().min(1).max(100), version: z.string().min(1).max(128) })).max(256),
});
export type ReleaseManifest = z.infer<typeof ReleaseManifest>;
