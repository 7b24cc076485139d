import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Extract } from "tar-stream";
import { OrderFailure, said } from "./failure.ts";
import { ReleaseTree } from "./release-tree.ts";
import { TarEnd } from "./tar-end.ts";
import { Bounds, type UnpackLimits } from "./unpack-bounds.ts";

const refused = (why: string): OrderFailure =>
  new OrderFailure("ArchiveRefused", `The archive was refused: ${why}. Nothing was switched.`);

/** Counts what passes, and stops the stream at a bound. */
const counted = (count: (chunk: Buffer) => void): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        count(chunk);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });

const readEntries = async (tar: Extract, tree: ReleaseTree, bounds: Bounds): Promise<void> => {
  for await (const entry of tar) {
    bounds.entries += 1;
    bounds.check();
    await tree.add(entry.header, entry as AsyncIterable<Buffer>);
    entry.resume();
  }
};

/** Unpacks a gzip tar into `folder`, which must not exist. Whatever could reach outside, or is no plain content, refuses the whole. */
export const unpack = async (
  archive: string,
  folder: string,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<void> => {
  const bounds = new Bounds(limits);
  const tree = new ReleaseTree(folder, bounds);
  const end = new TarEnd();
  await mkdir(folder, { mode: 0o755 });
  const tar = extract();
  const feed = pipeline(
    createReadStream(archive),
    counted(({ length }) => void (bounds.packed += length)),
    createGunzip(),
    counted((chunk) => {
      bounds.unpacked += chunk.length;
      bounds.check();
      end.feed(chunk);
    }),
    tar,
    { signal },
  );
  const results = await Promise.allSettled([
    readEntries(tar, tree, bounds).catch((error: unknown) => {
      tar.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }),
    feed,
  ]);
  signal.throwIfAborted();
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const failure = errors.find((error) => error instanceof OrderFailure);
  if (failure !== undefined) throw failure;
  const system = errors.find((error) => error instanceof Error && "syscall" in error);
  if (system !== undefined) throw system;
  if (errors.length > 0) throw refused(`it is not a whole gzip tar (${said(errors[0])})`);
  if (end.problem !== undefined) throw refused(end.problem);
  await tree.finish();
};
