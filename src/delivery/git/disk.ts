import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { GitRefusal } from "./refusal.ts";
import { GitTrouble } from "./trouble.ts";

const MIB = 1024 * 1024;

export interface DiskBounds {
  /** Of one repository, however small it says it is. */
  readonly mirror: number;
  /** Of all that are kept: what is longest unused goes. */
  readonly kept: number;
  /** Of all, while some are being fetched. */
  readonly all: number;
}

/** The folder is a volume of 2 GiB, and who fills that stops the operator. */
export const DISK_BOUNDS: DiskBounds = { mirror: 256 * MIB, kept: 768 * MIB, all: 1536 * MIB };

const LOOK_MS = 200;

/** What a mirror takes: packs and what is becoming one. Single objects are few and came in packs, too. */
export async function bytesOf(dir: string): Promise<number> {
  const packs = join(dir, "objects", "pack");
  const names = await readdir(packs).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(packs, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const tooLarge = (url: string, { mirror }: DiskBounds): GitRefusal =>
  new GitRefusal(
    "RepositoryTooLarge",
    `${url} sends more than ${mirror / MIB} MiB, and no more is fetched. Who owns that repository lets its server leave out files (uploadpack.allowFilter), or whoever names it names a smaller one.`,
  );

const noRoom = (url: string): GitTrouble =>
  new GitTrouble(
    "Unreachable",
    `There is no room for ${url} where the operator keeps what it fetched, because others are fetched at the same time; it is asked again.`,
  );

export interface Disk {
  /** Looks on while somebody is at work in a mirror, and stops that where it takes too much; whoever is at work may look, too, and is told by a throw. */
  readonly watched: <Result>(
    mirror: { readonly name: string; readonly dir: string; readonly url: string },
    work: (full: AbortSignal, look: () => Promise<void>) => Promise<Result>,
  ) => Promise<Result>;
  readonly forgotten: (name: string) => void;
  /** Whether more is kept than shall be. */
  readonly isFull: () => boolean;
}

export function watchDisk(bounds: DiskBounds): Disk {
  const sizes = new Map<string, number>();
  const sum = (): number => [...sizes.values()].reduce((all, size) => all + size, 0);
  return {
    watched: async ({ name, dir, url }, work) => {
      const full = new AbortController();
      const look = async (): Promise<void> => {
        const size = await bytesOf(dir);
        sizes.set(name, size);
        if (size > bounds.mirror) full.abort(tooLarge(url, bounds));
        else if (sum() > bounds.all) full.abort(noRoom(url));
      };
      let looking = Promise.resolve();
      const timer = setInterval(() => {
        looking = look();
      }, LOOK_MS);
      try {
        return await work(full.signal, async () => {
          await look();
          full.signal.throwIfAborted();
        });
      } finally {
        clearInterval(timer);
        await looking;
        await look();
      }
    },
    forgotten: (name) => void sizes.delete(name),
    isFull: () => sum() > bounds.kept,
  };
}
