import { POLICIES, POLICIES_BEFORE_1_36 } from "./policies.ts";

/** A policy or binding as the API server has it. */
export interface LivePolicy {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation?: number };
  readonly spec: unknown;
}

/** `name` of a kind, to its uid and generation: another object or another text is another identity. */
export type PolicyIdentity = Readonly<Record<string, { readonly uid: string; readonly generation: number }>>;

export type PolicyJudgement =
  | { readonly state: "AsWritten"; readonly identity: PolicyIdentity }
  | { readonly state: "Missing" | "Changed"; readonly message: string };

export type Stamps = "ApiServer" | "Client";

/** The file that puts the policies back, by who writes the stamps. */
const FILE = { ApiServer: "manifests/policies.yaml", Client: "manifests/policies-before-1.36.yaml" } as const;

export const restoreCommand = (stamps: Stamps): string => `kubectl apply -f ${FILE[stamps]}`;

/** Only replacing takes out what somebody added: every way of applying leaves fields alone that it does not know. */
const replaceCommand = (stamps: Stamps): string => `kubectl replace -f ${FILE[stamps]}`;

/** Whether every policy and binding is there with exactly our text; anything more is a change, because it could narrow what is refused. */
export function judgePolicies(live: readonly LivePolicy[], stamps: Stamps): PolicyJudgement {
  const restore = "so nothing proves who acted; a cluster administrator restores it:";
  const identity: Record<string, { uid: string; generation: number }> = {};
  for (const ours of stamps === "ApiServer" ? POLICIES : POLICIES_BEFORE_1_36) {
    const name = `${ours.kind}/${ours.metadata.name}`;
    const found = live.find((each) => each.kind === ours.kind && each.metadata.name === ours.metadata.name);
    if (found === undefined)
      return { state: "Missing", message: `${name} is missing, ${restore} ${restoreCommand(stamps)}` };
    const changed = difference(ours.spec, found.spec, "spec");
    if (changed !== undefined)
      return { state: "Changed", message: `${name} was changed at ${changed}, ${restore} ${replaceCommand(stamps)}` };
    identity[name] = { uid: found.metadata.uid, generation: found.metadata.generation ?? 0 };
  }
  return { state: "AsWritten", identity };
}

/** Path of the first place where two JSON values differ; absent and empty are the same, as the API server drops the one or the other. */
function difference(ours: unknown, live: unknown, path: string): string | undefined {
  if (isEmpty(ours) && isEmpty(live)) return undefined;
  if (
    typeof ours !== "object" ||
    typeof live !== "object" ||
    ours === null ||
    live === null ||
    Array.isArray(ours) !== Array.isArray(live)
  )
    return ours === live ? undefined : path;
  for (const key of new Set([...Object.keys(ours), ...Object.keys(live)])) {
    const found = difference(
      member(ours, key),
      member(live, key),
      Array.isArray(ours) ? `${path}[${key}]` : `${path}.${key}`,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

const member = (value: object, key: string): unknown => (value as Readonly<Record<string, unknown>>)[key];

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);
