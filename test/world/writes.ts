import { OPERATOR_ACCOUNT } from "../../src/api/group.ts";
import type { AuditEvent } from "../cluster/audit.ts";

const WRITING = ["create", "update", "patch", "delete", "deletecollection"];

/** What the operator asked of the API server, from the audit log: what it wrote, and what only looks like writing. */
export interface OperatorTraffic {
  readonly writes: readonly AuditEvent[];
  /** Leases, dry runs, questions about its own rights, and what lost a race and was tried again: nothing that anybody sees changed. */
  readonly apart: readonly AuditEvent[];
  readonly reads: readonly AuditEvent[];
}

const isApart = (event: AuditEvent): boolean =>
  ["leases", "selfsubjectaccessreviews", "selfsubjectreviews"].includes(event.objectRef?.resource ?? "") ||
  event.requestURI.includes("dryRun=") ||
  isLostRace(event);

/** The API server's answer to a version that is not the newest any more. */
export const isLostRace = ({ responseStatus }: AuditEvent): boolean => responseStatus?.code === 409;

export function operatorTraffic(events: readonly AuditEvent[], since: Date, namespace?: string): OperatorTraffic {
  const own = events.filter(
    ({ user, requestReceivedTimestamp, objectRef }) =>
      user.username === OPERATOR_ACCOUNT &&
      Date.parse(requestReceivedTimestamp) >= since.getTime() &&
      (namespace === undefined || objectRef?.namespace === namespace),
  );
  const writing = own.filter(({ verb }) => WRITING.includes(verb));
  return {
    writes: writing.filter((event) => !isApart(event)),
    apart: writing.filter(isApart),
    reads: own.filter(({ verb }) => verb === "get" || verb === "list"),
  };
}

/** `create deploymentrecords` and the like: verb, kind, and the answer where it was not a success. */
export const kindOfWrite = ({ verb, objectRef, responseStatus }: AuditEvent): string => {
  const code = responseStatus?.code ?? 0;
  const resource = [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join("/");
  return `${verb} ${resource}${code >= 200 && code < 300 ? "" : ` (${code})`}`;
};

export const countedBy = <T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
};
