import { join } from "node:path";
import type { AddressRules } from "../../dial/address-rules.ts";
import { DISK_BOUNDS, type DiskBounds, watchDisk } from "./disk.ts";
import { forget, type Mirror, MirrorBroken, mirrorName, openMirror, type SeenHead } from "./mirror.ts";
import { openSession } from "./session.ts";
import { sweep } from "./sweep.ts";
import type { GitPlace } from "./target.ts";
import { GitTrouble } from "./trouble.ts";
import { createTurns } from "./turns.ts";

/** How many repositories are kept; the one longest unused goes first. */
const MAX_MIRRORS = 64;

type Work<Result> = (mirror: Mirror, signal: AbortSignal) => Promise<Result>;

export interface Mirrors {
  /** Does one thing at a time per repository, each with a session of its own. */
  readonly at: <Result>(place: GitPlace, signal: AbortSignal, work: Work<Result>) => Promise<Result>;
  /** The same for whoever changes nothing: lets those who deliver pass, and shares what is fetched. */
  readonly look: <Result>(place: GitPlace, signal: AbortSignal, work: Work<Result>) => Promise<Result>;
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

export function openMirrors(
  folder: string,
  addresses: AddressRules,
  deadlineMs: number,
  bounds: DiskBounds = DISK_BOUNDS,
): Mirrors {
  sweep(folder);
  const turns = createTurns();
  const disk = watchDisk(bounds);
  /** What is kept, longest unused first, with where its branches were seen. */
  const kept = new Map<string, Map<string, SeenHead>>();
  let ticks = 0;
  const tick = (): number => (ticks += 1);

  const once = async <Result>(
    place: GitPlace,
    signal: AbortSignal,
    work: Work<Result>,
    since: number | undefined,
  ): Promise<Result> => {
    const name = mirrorName(place);
    const heads = kept.get(name) ?? new Map<string, SeenHead>();
    kept.delete(name);
    kept.set(name, heads);
    const deadline = AbortSignal.timeout(deadlineMs);
    const session = await openSession(folder, place, addresses);
    try {
      return await disk.watched({ name, dir: join(folder, name), url: place.url }, async (full, look) => {
        const either = AbortSignal.any([signal, full]);
        const opened = { folder, session, place, signal: either, deadline, look, heads, tick, since };
        try {
          return await work(await openMirror(opened), either);
        } catch (error) {
          if (full.aborted) await gone(name);
          throw error;
        }
      });
    } finally {
      await session.close();
    }
  };

  const gone = async (name: string): Promise<void> => {
    kept.delete(name);
    await forget(folder, name);
    disk.forgotten(name);
  };

  /** Takes away what is longest unused, as long as there is too much. */
  const tidy = async (): Promise<void> => {
    for (const name of [...kept.keys()].slice(0, -1)) {
      if (kept.size <= MAX_MIRRORS && !disk.isFull()) return;
      // What cannot be taken away is found by whoever uses it next.
      if (turns.isIdle(name)) await turns.take(name, () => gone(name), { signal: ALWAYS }).catch(() => undefined);
    }
  };

  const inTurn = <Result>(
    place: GitPlace,
    signal: AbortSignal,
    work: Work<Result>,
    since: number | undefined,
  ): Promise<Result> => {
    const name = mirrorName(place);
    return turns.take(
      name,
      async () => {
        try {
          return await once(place, signal, work, since);
        } catch (error) {
          if (!(error instanceof MirrorBroken)) throw error;
          await gone(name);
        }
        return once(place, signal, work, since).catch((error: unknown) => {
          if (!(error instanceof MirrorBroken)) throw error;
          throw new GitTrouble("Garbage", `What ${place.url} sent cannot be used by git; it is asked again.`);
        });
      },
      { signal, isLook: since !== undefined },
    );
  };

  const at = async <Result>(
    place: GitPlace,
    signal: AbortSignal,
    work: Work<Result>,
    since: number | undefined,
  ): Promise<Result> => {
    try {
      return await inTurn(place, signal, work, since);
    } catch (error) {
      return onDisk(error);
    } finally {
      await tidy();
    }
  };

  return {
    at: (place, signal, work) => at(place, signal, work, undefined),
    look: (place, signal, work) => at(place, signal, work, tick()),
  };
}

const ALWAYS = new AbortController().signal;
