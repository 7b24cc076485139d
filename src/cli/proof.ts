import { sha256 } from "../api/hash.ts";
import { recordName, verifyChain } from "../api/record.ts";
import { isServiceAccount } from "../core/source.ts";
import type { Chain } from "./chains.ts";
import type { RawRecord } from "./records.ts";
import type { StatusHead } from "./status-head.ts";

/** What a chain proves, or all that is wrong with it. */
export type Proof =
  | { readonly proven: true; readonly sentence: string; readonly approvals: readonly string[] }
  | { readonly proven: false; readonly problems: readonly string[] };

/** Walks the chain from its creation; `head` is what the status of the update says, where there is one. */
export function prove({ records, update }: Chain, head?: StatusHead): Proof {
  const problems = [
    ...verifyChain(records.map(({ spec }) => spec)),
    ...records.flatMap(misnamed),
    ...records.flatMap(changedDocuments),
    ...shorterThan(records, head),
  ];
  const newest = records.at(-1);
  if (problems.length > 0 || newest === undefined)
    return { proven: false, problems: problems.length > 0 ? problems : ["there is no record"] };
  const { tier, to, hash } = newest.spec;
  return {
    proven: true,
    sentence:
      `${records.length} record${records.length === 1 ? "" : "s"} of ${update}, from its creation to ${tier === undefined ? "" : `${tier} `}${to}: none was changed, none is missing in between, ` +
      `each follows the one before it. Keep the hash of the newest to notice later if one was taken off the end: ${hash}`,
    approvals: records.flatMap(approvalsIn),
  };
}

const misnamed = ({ name, spec }: RawRecord): readonly string[] =>
  name === recordName(spec.deployment, spec.seq)
    ? []
    : [`${name}: it holds what belongs into ${recordName(spec.deployment, spec.seq)}`];

const changedDocuments = ({ name, spec }: RawRecord): readonly string[] =>
  (spec.evidence ?? []).flatMap((item) =>
    item.document === undefined || sha256(item.document) === item.sha256
      ? []
      : [`${name}: the document of ${item.category} on ${item.target} does not match its digest`],
  );

function shorterThan(records: readonly RawRecord[], head: StatusHead | undefined): readonly string[] {
  if (head === undefined || records.some(({ spec }) => spec.hash === head.head)) return [];
  return [
    `the status of the update knows ${head.count} records and names ${head.head.slice(0, 16)} as the newest of them, which is not here: records were taken off the end`,
  ];
}

const HOW = {
  Admission: "stamped by the API server",
  Client: "written by the client, checked by the API server",
  Operator: "done by the operator itself",
  Unknown: "not known",
} as const;

/** Which person a program speaks for is known in Git only, so this says where to look. */
function sourceIn({ actor: { source } }: RawRecord["spec"], user: string): string {
  if (source === undefined || !isServiceAccount(user)) return "";
  const { kind, namespace, name, revision } = source;
  return `, from ${kind} ${namespace}/${name}${revision === undefined ? "" : ` at ${revision}`}`;
}

const approvalsIn = ({ spec }: RawRecord): readonly string[] =>
  (spec.approvals ?? []).map(
    ({ user, token, reason }) =>
      `${spec.tier ?? "the update"} was approved by ${user} (${HOW[spec.actor.known]}${sourceIn(spec, user)}), naming token ${token}${reason === undefined ? "" : `: ${reason}`}`,
  );
