import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import type { Client } from "../kube/client.ts";
import { type Chain, chainsOf } from "./chains.ts";
import { connect, type Login } from "./connect.ts";
import { exported, imported } from "./export.ts";
import { historyTable } from "./history-table.ts";
import { prove } from "./proof.ts";
import { type RawRecord, readRecords } from "./records.ts";
import { readStatusHeads, type StatusHead } from "./status-head.ts";

export interface HistoryOptions extends Login {
  readonly verify?: boolean;
  readonly output: "table" | "jsonl";
  readonly file?: string;
}

/** Where the words go, so that a test and the demo can read them. */
export interface Face {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly width: number;
}

export const EXIT = { good: 0, trouble: 1, usage: 2, notProven: 3 } as const;

interface Read {
  readonly records: readonly RawRecord[];
  readonly heads: readonly StatusHead[];
  readonly problems: readonly string[];
  readonly where: string;
}

/** Prints the chains and, when asked, what they prove. Returns the exit code. */
export async function history(update: string | undefined, options: HistoryOptions, face: Face): Promise<number> {
  const read =
    options.file === undefined
      ? await withClient(options, (client, namespace) => fromCluster(client, namespace, update))
      : await fromFile(options.file, update);
  const chains = chainsOf(read.records);
  if (chains.length === 0 && read.problems.length === 0) {
    face.complain(
      `There is no record of ${update === undefined ? "any update" : `update ${update}`} in ${read.where}.`,
    );
    return update === undefined ? EXIT.good : EXIT.trouble;
  }
  if (options.output === "jsonl")
    for (const record of chains.flatMap(({ records }) => records)) face.print(exported(record));
  else for (const [index, chain] of chains.entries()) printChain(chain, index, face);
  if (options.verify !== true) return EXIT.good;
  // Where the records go to a file, what they prove goes elsewhere.
  const say = options.output === "jsonl" ? face.complain : face.print;
  for (const problem of read.problems) say(`NOT PROVEN  ${problem}`);
  const proven = chains.map((chain) => printProof(chain, read.heads, say));
  return proven.every(Boolean) && read.problems.length === 0 ? EXIT.good : EXIT.notProven;
}

function printChain({ update, namespace, uid, records }: Chain, index: number, { print, width }: Face): void {
  if (index > 0) print("");
  print(`${update} (namespace ${namespace}, uid ${uid})`);
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
    where: `namespace ${namespace}`,
  };
}

async function fromFile(path: string, update: string | undefined): Promise<Read> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `The file ${path} cannot be read (${error.code ?? error.message}): name one that deploy history -o jsonl wrote.`,
    );
  });
  const { records, problems } = imported(text);
  return {
    records: records.filter(({ spec }) => update === undefined || spec.deployment.name === update),
    problems,
    heads: [],
    where: path,
  };
}

/** `deploy history`. */
export const historyCommand = (face: Face, exit: (code: number) => void): Command =>
  new Command("history")
    .description("Shows who moved an update where, and proves that nobody changed the account of it.")
    .argument("[update]", "name of the update; all of the namespace without it")
    .option("--verify", "walk the chain of hashes: exit 3 when it does not prove itself")
    .option("-n, --namespace <name>", "namespace; that of the kubeconfig's context by default")
    .option("--kubeconfig <file>", "kubeconfig to use; $KUBECONFIG or ~/.kube/config by default")
    .option("--context <name>", "context of that kubeconfig")
    .option("--file <file>", "read records that -o jsonl wrote, without any cluster")
    .addOption(
      new Option("-o, --output <format>", "jsonl: the records as they are stored, one per line")
        .choices(["table", "jsonl"])
        .default("table"),
    )
    .action(async (update: string | undefined, options: HistoryOptions) => exit(await history(update, options, face)));
