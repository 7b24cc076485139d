import type { AddressRules } from "../../dial/address-rules.ts";
import { forget, type Mirror, MirrorBroken, mirrorName, openMirror } from "./mirror.ts";
import { openSession } from "./session.ts";
import { sweep } from "./sweep.ts";
import type { GitPlace } from "./target.ts";
import { GitTrouble } from "./trouble.ts";

/** How many repositories are kept; the one longest unused goes first. */
const MAX_MIRRORS = 64;

export interface Mirrors {
  /** Does one thing at a time per repository, each with a session of its own. */
  readonly at: <Result>(
    place: GitPlace,
    signal: AbortSignal,
    work: (mirror: Mirror, signal: AbortSignal) => Promise<Result>,
  ) => Promise<Result>;
}

/** A disk that is full or gone is no fault of the repository, and may pass. */
const onDisk = (error: unknown): never => {
  if (error instanceof Error && "syscall" in error && "code" in error)
    throw new GitTrouble(
      "Unreachable",
      `The folder in which the operator keeps what it fetched cannot be used (${String(error.code)}). Whoever runs the operator gives it one that can be written, with room.`,
    );
  throw error;
};

export function openMirrors(folder: string, addresses: AddressRules, deadlineMs: number): Mirrors {
  sweep(folder);
  const queues = new Map<string, Promise<unknown>>();

  const once = async <Result>(
    place: GitPlace,
    signal: AbortSignal,
    work: (mirror: Mirror, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const session = await openSession(folder, place, addresses);
    try {
      return await work(await openMirror({ folder, session, place, signal, deadline }), signal);
    } finally {
      await session.close();
    }
  };

  const inTurn = <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const before = queues.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    queues.delete(name);
    queues.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  };

  return {
    at: (place, signal, work) => {
      const name = mirrorName(place);
      const result = inTurn(name, async () => {
        signal.throwIfAborted();
        try {
          return await once(place, signal, work);
        } catch (error) {
          if (!(error instanceof MirrorBroken)) throw error;
          await forget(folder, name);
        }
        return once(place, signal, work).catch((error: unknown) => {
          if (!(error instanceof MirrorBroken)) throw error;
          throw new GitTrouble("Garbage", `What ${place.url} sent cannot be used by git; it is asked again.`);
        });
      });
      const answer = result.catch(onDisk);
      const [oldest] = queues.keys();
      if (queues.size > MAX_MIRRORS && oldest !== undefined && oldest !== name) {
        void inTurn(oldest, () => forget(folder, oldest)).catch(() => undefined);
        const last = queues.get(oldest);
        void last?.then(() => queues.get(oldest) === last && queues.delete(oldest));
      }
      return answer;
    },
  };
}
