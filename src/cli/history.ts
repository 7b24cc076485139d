import { readFile } from "node:fs/promises";
import type { Client } from "../kube/client.ts";
import { type Chain, chainsOf } from "./chains.ts";
import { type Against, against, readCheckpoints } from "./checkpoints.ts";
import { connect, type Login } from "./connect.ts";
import { EXIT } from "./exit.ts";
import { exported, imported } from "./export.ts";
import type { Face } from "./face.ts";
import { historyTable } from "./history-table.ts";
import { isKubeName, kubeName, LONGEST_UPDATE } from "./names.ts";
import { usage } from "./no.ts";
import { prove } from "./proof.ts";
import { type RawRecord, readRecords } from "./records.ts";
import { readStatusHeads, type StatusHead } from "./status-head.ts";
import { hanging } from "./table.ts";

export interface HistoryOptions extends Login {
  readonly verify?: boolean;
  readonly output: "table" | "jsonl";
  readonly file?: string;
  /** Signed statements of the operator: what they name must be there still. */
  readonly checkpoint?: string;
  readonly keys?: string;
}

interface Read {
  readonly records: readonly RawRecord[];
  readonly heads: readonly StatusHead[];
  readonly problems: readonly string[];
  /** Those it is about; empty where only the records can say. */
  readonly namespaces: readonly string[];
  readonly where: string;
}

/** Prints the chains and, when asked, what they prove. Returns the exit code. */
export async function history(update: string | undefined, options: HistoryOptions, face: Face): Promise<number> {
  const name = update === undefined || isKubeName(update) ? update : kubeName(update, LONGEST_UPDATE);
  const read =
    options.file === undefined
      ? await withClient(options, (client, namespace) => fromCluster(client, namespace, name))
      : await fromFile(options.file, name, options.namespace);
  const chains = chainsOf(read.records);
  const anchored = await anchor(chains, read.namespaces, name, options);
  if (chains.length === 0 && read.problems.length === 0 && anchored === undefined) {
    face.complain(
      `There is no record of ${update === undefined ? "any update" : `update ${update}`} in ${read.where}.`,
    );
    return update === undefined ? EXIT.good : EXIT.no;
  }
  if (options.output === "jsonl")
    for (const record of chains.flatMap(({ records }) => records)) face.print(exported(record));
  else for (const [index, chain] of chains.entries()) printChain(chain, index, face);
  if (options.verify !== true && anchored === undefined) return EXIT.good;
  // Where the records go to a file, what they prove goes elsewhere.
  const to = options.output === "jsonl" ? face.complain : face.print;
  const say = (line: string): void => {
    for (const part of line.length <= face.width ? [line] : hanging(line, face.width)) to(part);
  };
  const problems = [...read.problems, ...(anchored?.problems ?? [])];
  for (const problem of problems) say(`NOT PROVEN  ${problem}`);
  const proven = chains.map((chain) => printProof(chain, read.heads, say));
  for (const line of anchored?.proven ?? []) say(`proven  ${line}`);
  return proven.every(Boolean) && problems.length === 0 ? EXIT.good : EXIT.trouble;
}

/** Compares with what the operator signed, where that is given. */
async function anchor(
  chains: readonly Chain[],
  namespaces: readonly string[],
  update: string | undefined,
  { checkpoint, keys }: HistoryOptions,
): Promise<Against | undefined> {
  if (checkpoint === undefined) return undefined;
  if (keys === undefined)
    throw usage("A checkpoint is proven with the operator's public keys: name their JWKS with --keys <file>.");
  const checkpoints = await readCheckpoints(checkpoint, keys);
  const told = namespaces.length > 0 ? namespaces : checkpoints.claims.map(({ namespace }) => namespace);
  return against(chains, checkpoints, { namespaces: [...new Set(told)], update });
}

function printChain({ update, namespace, uid, records }: Chain, index: number, { print, width }: Face): void {
  if (index > 0) print("");
  for (const line of hanging(`${update} (namespace ${namespace}, uid ${uid})`, width)) print(line);
  for (const line of historyTable(records, width)) print(line);
}

/** Says what one chain proves; true when it does. */
export function printProof(chain: Chain, heads: readonly StatusHead[], say: (line: string) => void): boolean {
  const proof = prove(
    chain,
    heads.find(({ uid }) => uid === chain.uid),
  );
  if (proof.proven) for (const line of [proof.sentence, ...proof.approvals]) say(`proven  ${line}`);
  else for (const problem of proof.problems) say(`NOT PROVEN  ${chain.update}: ${problem}`);
  return proof.proven;
}

const withClient = async <T>(login: Login, use: (client: Client, namespace: string) => Promise<T>): Promise<T> => {
  const client = await connect(login);
  try {
    return await use(client, login.namespace ?? client.namespace);
  } finally {
    await client.close();
  }
};

/** The status first: what it names must be among the records that are read after it. */
async function fromCluster(client: Client, namespace: string, update: string | undefined): Promise<Read> {
  const heads = await readStatusHeads(client, namespace, update);
  return {
    records: await readRecords(client, namespace, update),
    heads,
    problems: [],
    namespaces: [namespace],
    where: `namespace ${namespace}`,
  };
}

async function fromFile(path: string, update: string | undefined, namespace?: string): Promise<Read> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw usage(
      `The file ${path} cannot be read (${error.code ?? error.message}): name one that deploy history -o jsonl wrote.`,
    );
  });
  const { records, problems } = imported(text);
  const ours = records.filter((record) => namespace === undefined || record.namespace === namespace);
  return {
    records: ours.filter(({ spec }) => update === undefined || spec.deployment.name === update),
    problems,
    heads: [],
    namespaces: namespace === undefined ? ours.map((record) => record.namespace) : [namespace],
    where: path,
  };
}
