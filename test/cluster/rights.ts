import { OPERATOR_ACCOUNT } from "../../src/api/group.ts";
import type { Right } from "../../src/api/rbac.ts";
import type { AuditEvent } from "./audit.ts";

/** What an account did with its rights, from audit logs: `verb group/resource[/subresource]`, with the namespace where the right has one. */
export interface UsedRights {
  /** Requests the authorizer allowed. */
  readonly used: readonly string[];
  /** Requests it refused, with how they read. */
  readonly refused: readonly string[];
}

declare module "vitest" {
  interface TaskMeta {
    /** What the operator of a cluster that ends with this file did. */
    rights?: UsedRights;
  }
}

const named = (verb: string, group: string, resource: string, subresource: string | undefined): string =>
  `${verb} ${group === "" ? "" : `${group}/`}${resource}${subresource === undefined ? "" : `/${subresource}`}`;

const nameOf = ({ verb, group, resource, subresource, name, namespace }: Right): string =>
  [
    named(verb, group, resource, subresource),
    ...(name === undefined ? [] : [name]),
    ...(namespace === undefined ? [] : [`in ${namespace}`]),
  ].join(" ");

/** A request shows a right when it has all the right asks for. */
const shows = ({ verb, objectRef = {} }: AuditEvent, right: Right): boolean =>
  verb === right.verb &&
  (objectRef.apiGroup ?? "") === right.group &&
  objectRef.resource === right.resource &&
  objectRef.subresource === right.subresource &&
  (right.name === undefined || objectRef.name === right.name) &&
  (right.namespace === undefined || objectRef.namespace === right.namespace);

/** How the operator calls itself to the API server. */
const OPERATOR_AGENT = "ashat-operator";

const isForbidden = ({ annotations }: AuditEvent): boolean =>
  annotations?.["authorization.k8s.io/decision"] === "forbid";

export function usedRights(events: readonly AuditEvent[], rights: readonly Right[]): UsedRights {
  // Tests act under its name, too, and are refused as they should be; and what it does in somebody's name are that one's rights.
  const own = events.filter(
    ({ user, userAgent, impersonatedUser }) =>
      user.username === OPERATOR_ACCOUNT &&
      impersonatedUser === undefined &&
      userAgent?.startsWith(OPERATOR_AGENT) === true,
  );
  const allowed = own.filter((event) => !isForbidden(event));
  return {
    used: rights.filter((right) => allowed.some((event) => shows(event, right))).map(nameOf),
    refused: unique(
      own.filter(isForbidden).map(({ verb, objectRef = {} }) => {
        const { apiGroup = "", resource = "", subresource, namespace = "" } = objectRef;
        return `${named(verb, apiGroup, resource, subresource)} in ${namespace.replace(/-[0-9a-f]{6}$/, "-…")}`;
      }),
    ),
  };
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

export const unusedRights = (rights: readonly Right[], used: readonly string[]): readonly string[] =>
  rights.map(nameOf).filter((name) => !used.includes(name));

// Clusters end in the process that runs the tests, one after the other: what they saw is told at the very end.
const seen = globalThis as { ashatRights?: UsedRights[] };

export const rememberRights = (rights: UsedRights): void => {
  (seen.ashatRights ??= []).push(rights);
};

export const rememberedRights = (): UsedRights => ({
  used: unique((seen.ashatRights ?? []).flatMap(({ used }) => used)),
  refused: unique((seen.ashatRights ?? []).flatMap(({ refused }) => refused)),
});
