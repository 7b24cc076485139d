import { readFile } from "node:fs/promises";
import { readJwks } from "../licence/key-files.ts";
import { type CheckpointClaims, verifyCheckpoint } from "../licence/checkpoint.ts";
import { usage } from "./no.ts";
import type { Chain } from "./chains.ts";

/** Signed statements of how far the chains had come, and what in their text was not signed by the operator. */
export interface Checkpoints {
  readonly claims: readonly CheckpointClaims[];
  readonly problems: readonly string[];
}

const JWS = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const TYPED = /"typ":"ashat-checkpoint\+jwt"/;

const isCheckpoint = (jws: string): boolean =>
  TYPED.test(Buffer.from(jws.split(".")[0] ?? "", "base64url").toString("utf8"));

/** Reads checkpoints from a file, a whole log of the operator for example, or one that is given itself. */
export async function readCheckpoints(fileOrText: string, keysFile: string): Promise<Checkpoints> {
  const keys = await readJwks(keysFile);
  const text = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(fileOrText.trim())
    ? fileOrText
    : await readFile(fileOrText, "utf8").catch((error: NodeJS.ErrnoException) => {
        throw usage(
          `The file ${fileOrText} cannot be read (${error.code ?? error.message}): name a log of the operator, or give one checkpoint of it.`,
        );
      });
  const found = [...new Set((text.match(JWS) ?? []).filter(isCheckpoint))];
  if (found.length === 0)
    throw usage(
      'There is no checkpoint in it: the operator writes them to its log as "checkpoint of the records", every few minutes.',
    );
  const read = await Promise.all(found.map((jws) => verifyCheckpoint(jws, keys)));
  return {
    claims: read.flatMap((one) => (one.ok ? [one.claims] : [])),
    problems: read.flatMap((one) => (one.ok ? [] : [`a checkpoint is not the operator's: ${one.message}`])),
  };
}

/** Which records are looked at. */
export interface Asked {
  /** Of which namespaces. */
  readonly namespaces: readonly string[];
  /** Of which update; of all where it is absent. */
  readonly update?: string | undefined;
}

export interface Against {
  readonly problems: readonly string[];
  readonly proven: readonly string[];
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** What of the checkpoints the chains do not hold any more: all of what was once signed must be in them still. */
export function against(chains: readonly Chain[], { claims, problems }: Checkpoints, asked: Asked): Against {
  const ours = claims
    .filter(({ namespace }) => asked.namespaces.includes(namespace))
    .toSorted((a, b) => (a.time < b.time ? 1 : -1));
  const lost = new Map<string, string>();
  for (const { time, namespace, heads } of ours)
    for (const [update, uid, count, head] of heads) {
      if (lost.has(uid) || (asked.update !== undefined && update !== asked.update)) continue;
      const chain = chains.find((one) => one.uid === uid && one.namespace === namespace);
      const said = `the checkpoint of ${time} names ${plural(count, "record")}`;
      if (chain === undefined) lost.set(uid, `${update} (uid ${uid}): its whole chain is not here; ${said}`);
      else if (!chain.records.some(({ spec }) => spec.seq === count - 1))
        lost.set(
          uid,
          `${update} (uid ${uid}): ${plural(chain.records.length, "record")} here, but ${said}: the last were taken off the end`,
        );
      else if (!chain.records.some(({ spec }) => spec.seq === count - 1 && spec.hash === head))
        lost.set(
          uid,
          `${update} (uid ${uid}): record ${count - 1} is not the one that the checkpoint of ${time} names: the chain was written anew`,
        );
    }
  const fewer = asked.update === undefined && lost.size === 0 ? fewerThan(chains, ours) : [];
  const wrong = [...problems, ...lost.values(), ...fewer];
  const [latest] = ours;
  if (wrong.length > 0) return { problems: wrong, proven: [] };
  if (latest === undefined)
    return { problems: [`no checkpoint is of namespace ${asked.namespaces.join(", ")}`], proven: [] };
  return {
    problems: [],
    proven: [
      `nothing was taken away of what ${plural(ours.length, "checkpoint")} of namespace ${asked.namespaces.join(", ")} named, the last at ${latest.time}: then ${plural(latest.chains, "update")} with ${plural(latest.records, "record")}`,
    ],
  };
}

/** A checkpoint counts chains it has no room to name, too. */
function fewerThan(chains: readonly Chain[], ours: readonly CheckpointClaims[]): readonly string[] {
  return [...new Set(ours.map(({ namespace }) => namespace))].flatMap((namespace) => {
    const here = chains.filter((chain) => chain.namespace === namespace);
    const records = here.reduce((sum, chain) => sum + chain.records.length, 0);
    const most = ours.find((one) => one.namespace === namespace && (one.chains > here.length || one.records > records));
    return most === undefined
      ? []
      : [
          `namespace ${namespace} has ${plural(here.length, "update")} with ${plural(records, "record")}, but the checkpoint of ${most.time} counts ${most.chains} with ${most.records}: some that it does not name were taken away; an older checkpoint of the log names them`,
        ];
  });
}
