import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { tokensIn } from "../yaml-tokens.ts";
import { badManifests, Refusal } from "./refusal.ts";
import { readYaml } from "./yaml-as-kubernetes.ts";

/** What reading the manifests of one release may take. */
export interface ReadBounds {
  readonly heapMb: number;
  readonly deadlineMs: number;
  /** How many words and signs it may be, a file and all together. */
  readonly tokens: { readonly file: number; readonly all: number };
}

export type Texts = readonly (readonly [path: string, text: string])[];
type Values = readonly (readonly [path: string, values: readonly unknown[]])[];
type Answer = { readonly values: Values } | { readonly refused: string };

/** The words and signs are those of manifests that fill their bounds; what has more was made to be slow. */
export const READ_BOUNDS: ReadBounds = {
  heapMb: 192,
  deadlineMs: 30_000,
  tokens: { file: 250_000, all: 1_000_000 },
};
/** What a thread is started with that shall do this. */
export const READ_MARK = "ashat reads manifests";

interface Question {
  readonly mark: typeof READ_MARK;
  readonly texts: Texts;
  readonly tokens: ReadBounds["tokens"];
}

const isQuestion = (data: unknown): data is Question =>
  typeof data === "object" && data !== null && "mark" in data && data.mark === READ_MARK;

const tooMuch = ({ heapMb, deadlineMs }: ReadBounds): Refusal =>
  badManifests(
    `The manifests take more than ${heapMb} MB of memory or ${deadlineMs / 1000} seconds to read, so they were not; the author of the update makes them smaller, or splits them into layers.`,
  );

const ask = (texts: Texts, bounds: ReadBounds, signal: AbortSignal): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const question: Question = { mark: READ_MARK, texts, tokens: bounds.tokens };
  // The file of this module is the whole program where it is bundled: `main.ts` knows that it was started as this thread.
  const worker = new Worker(new URL(import.meta.url), {
    workerData: question,
    argv: [],
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: bounds.heapMb, maxYoungGenerationSizeMb: 16 },
  });
  const end = AbortSignal.any([signal, AbortSignal.timeout(bounds.deadlineMs)]);
  const stop = (): void => {
    reject(signal.aborted ? (signal.reason as Error) : tooMuch(bounds));
    void worker.terminate();
  };
  end.addEventListener("abort", stop, { once: true });
  if (end.aborted) stop();
  worker.once("message", resolve);
  worker.once("error", (error: NodeJS.ErrnoException) =>
    reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? tooMuch(bounds) : error),
  );
  worker.once("exit", () => {
    end.removeEventListener("abort", stop);
    reject(tooMuch(bounds));
  });
  return promise;
};

let last: Promise<unknown> = Promise.resolve();

/** Reads YAML in a thread of its own, whose memory and time are bounded; one release at a time, so that many are no way around that. */
export async function readApart(texts: Texts, signal: AbortSignal, bounds: ReadBounds = READ_BOUNDS): Promise<Values> {
  const turn = last.then(() => {
    signal.throwIfAborted();
    return ask(texts, bounds, signal);
  });
  last = turn.catch(() => undefined);
  const answer = await turn;
  if ("refused" in answer) throw badManifests(answer.refused);
  return answer.values;
}

const mustBeFew = (texts: Texts, { file, all }: ReadBounds["tokens"]): void => {
  let sum = 0;
  for (const [path, text] of texts) {
    const tokens = tokensIn(text, file);
    sum += tokens;
    if (tokens > file)
      throw badManifests(
        `${path} has more than ${file} words and signs; the author of the update splits it into smaller files.`,
      );
    if (sum > all)
      throw badManifests(
        `The manifests have more than ${all} words and signs together; the author of the update splits them into layers.`,
      );
  }
};

const answerTo = ({ texts, tokens }: Question): Answer => {
  try {
    mustBeFew(texts, tokens);
    return { values: texts.map(([path, text]) => [path, readYaml(path, text)]) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { refused: error.message };
  }
};

// Only where this thread was started by the function above.
if (!isMainThread && isQuestion(workerData)) parentPort?.postMessage(answerTo(workerData), []);
