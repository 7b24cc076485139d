import { GROUP } from "../api/group.ts";
import { addressFrom, agentBeside, pinFrom } from "./address.ts";
import { archiveTemplate, ARCHIVE_URL } from "./archive-url.ts";
import type { MainframeObject, ServerObject } from "./kinds.ts";
import { usage } from "./no.ts";

export const PLACES = ["alpha", "public", "omega", "mainframe"] as const;
export type PlaceKind = (typeof PLACES)[number];

export interface ConfigureOptions {
  readonly agent?: string;
  readonly pin?: string;
  readonly caSecret?: string;
  readonly approvals?: number;
  readonly archiveUrl?: string;
  readonly omega?: string;
  readonly wave?: number;
  readonly timeoutMs: number;
}

/** What was read from files the options name. */
export interface Files {
  readonly licence?: string;
  readonly checks?: unknown;
}

/** What was said of a target, in the fields of its kind; what was not said is absent, and stays as it is. */
export interface Wanted {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

const TIER = { alpha: "Alpha", public: "Public", omega: "Omega" } as const;
const PLACE_NAME = {
  alpha: "an ALPHA server",
  public: "a Public server",
  omega: "an OMEGA server",
  mainframe: "a mainframe",
} as const;

/** The fields of a Server. A pin on plain http:// is the agent's: what is not encrypted proves no certificate. */
export function wantedServer(
  place: Exclude<PlaceKind, "mainframe">,
  url: string,
  options: ConfigureOptions,
  { checks }: Files,
  before?: ServerObject,
): Wanted {
  for (const [flag, value] of [
    ["--omega", options.omega],
    ["--wave", options.wave],
  ] as const)
    if (value !== undefined) throw usage(`${flag} is for a mainframe, and this is ${PLACE_NAME[place]}.`);
  if (place === "omega" && options.archiveUrl !== undefined)
    throw usage("--archive-url is for the ALPHA or the Public server: that is where updates come from.");
  addressFrom(url, PLACE_NAME[place], place !== "omega");
  const tls = tlsOf(options);
  const plain = url.startsWith("http://");
  const agentUrl = options.agent === undefined ? undefined : addressFrom(options.agent, "an agent", false);
  const needsAgent = agentUrl !== undefined || (plain && tls !== undefined);
  const agent = needsAgent
    ? { url: agentUrl ?? before?.spec.agent?.url ?? agentBeside(url), ...(plain && tls !== undefined && { tls }) }
    : undefined;
  return {
    annotations: options.archiveUrl === undefined ? {} : { [ARCHIVE_URL]: archiveTemplate(options.archiveUrl) },
    spec: {
      tier: TIER[place],
      url,
      ...(tls !== undefined && !plain && { tls }),
      ...(agent !== undefined && { agent }),
      ...(options.approvals !== undefined && { approval: { required: options.approvals } }),
      ...(checks !== undefined && { checks: replacing(checks, before?.spec.checks) }),
    },
  };
}

/** The fields of a Mainframe: its address is where it answers, and the agent is beside it. */
export function wantedMainframe(
  url: string,
  omega: string,
  options: ConfigureOptions,
  { licence, checks }: Files,
  before?: MainframeObject,
): Wanted {
  if (options.approvals !== undefined || options.archiveUrl !== undefined)
    throw usage(
      "--approvals and --archive-url are for servers: what a mainframe gets is approved on its OMEGA server.",
    );
  addressFrom(url, PLACE_NAME.mainframe, false);
  const tls = tlsOf(options);
  const agentUrl = options.agent === undefined ? undefined : addressFrom(options.agent, "an agent", false);
  return {
    annotations: {},
    spec: {
      omega,
      url,
      agent: { url: agentUrl ?? before?.spec.agent.url ?? agentBeside(url) },
      ...(tls !== undefined && { tls }),
      ...(licence !== undefined && { licence }),
      ...(options.wave !== undefined && { wave: options.wave }),
      ...(checks !== undefined && { checks: replacing(checks, before?.spec.checks) }),
    },
  };
}

/** A patch merges: what is not in the new value any more has to be taken away by name. */
function replacing(wanted: unknown, before: unknown): unknown {
  if (!isObject(wanted) || !isObject(before)) return wanted;
  const gone = Object.keys(before).filter((key) => wanted[key] === undefined);
  return Object.fromEntries([
    ...gone.map((key) => [key, null]),
    ...Object.entries(wanted).map(([key, value]) => [key, replacing(value, before[key])]),
  ]);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function tlsOf({ pin, caSecret }: ConfigureOptions): Readonly<Record<string, unknown>> | undefined {
  if (pin !== undefined && caSecret !== undefined)
    throw usage("A server proves who it is by a pin (--pin) or by a CA (--ca-secret), not by both.");
  if (pin !== undefined) return { sha256: pinFrom(pin), caSecretRef: null };
  if (caSecret !== undefined) return { caSecretRef: { name: caSecret }, sha256: null };
  return undefined;
}

/** Whoever keeps an object in Git puts a change made here back: it is changed there. */
export function keptInGit({ metadata }: Pick<ServerObject, "metadata">): string | undefined {
  const { labels = {}, annotations = {} } = metadata;
  if (labels["kustomize.toolkit.fluxcd.io/name"] !== undefined) return "Flux";
  if (labels["helm.toolkit.fluxcd.io/name"] !== undefined) return "Flux";
  if (annotations["argocd.argoproj.io/tracking-id"] !== undefined) return "Argo CD";
  return undefined;
}

/** What differs from what is there, field by field, as one reads it; nothing where it is there already. */
export function differences(wanted: unknown, there: unknown, path = ""): readonly string[] {
  if (isObject(wanted))
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(value, isObject(there) ? there[key] : undefined, path === "" ? key : `${path}.${key}`),
    );
  if (JSON.stringify(wanted ?? undefined) === JSON.stringify(there)) return [];
  if (path === "licence") return ["licence"];
  return [`${path.replace(`${GROUP}/`, "")}: ${shown(there)} -> ${shown(wanted)}`];
}

const shown = (value: unknown): string =>
  value === undefined || value === null ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);

/** The same without the fields that are to be taken away: a creation has nothing to take. */
export const withoutNull = (value: unknown): unknown =>
  !isObject(value)
    ? value
    : Object.fromEntries(
        Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNull(inner)]])),
      );
