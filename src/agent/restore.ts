import { join } from "node:path";
import type { RestoreClaims } from "../api/order.ts";
import { OrderFailure, said } from "./failure.ts";
import type { Entry } from "./journal.ts";
import { currentRelease } from "./layout.ts";
import { deliveries, linePast, stands } from "./line.ts";
import { plain, readManifest } from "./manifest.ts";
import { inState, type Work } from "./work.ts";

/** The kept releases of the digest, the best to go back to first: the one that runs, then what it came after, then the newest. */
const candidates = (work: Work, order: RestoreClaims, current: string | undefined): readonly Entry[] => {
  const { journal } = work.shop;
  const brought = deliveries(journal, order);
  const running = brought.filter(({ release }) => release === current);
  const inOrder = new Set([...running, ...linePast(journal, order, current), ...brought.toReversed()]);
  return [...inOrder].filter((entry) => entry.order.sha256 === order.sha256);
};

const gone = (what: string): OrderFailure =>
  new OrderFailure(
    "SnapshotGone",
    `${what} Nothing was switched; whoever wants that version there again makes a new update that brings its archive.`,
  );

/** The first candidate whose folder still is the release that was unpacked into it. */
const choose = async (work: Work, order: RestoreClaims, current: string | undefined): Promise<Entry> => {
  const known = candidates(work, order, current);
  const [first] = known;
  if (first === undefined)
    throw gone(
      `No release with SHA-256 ${order.sha256} (${order.version}) ever ran here, or it is not known any more.`,
    );
  if (plain(first.order.version) !== plain(order.version)) {
    throw new OrderFailure(
      "ManifestMismatch",
      `The release kept here with SHA-256 ${order.sha256} is ${first.order.version}, but ${order.version} was ordered. Nothing was switched; whoever runs the operator finds out which of the two is meant.`,
    );
  }
  const problems: string[] = [];
  for (const entry of known) {
    const { release = "" } = entry;
    try {
      await readManifest(join(work.place.releases, release), entry.order);
      return entry;
    } catch (error) {
      if (!(error instanceof OrderFailure)) throw error;
      problems.push(release);
      work.shop.log("kept release not usable", { key: order.key, release, problem: said(error) });
    }
  }
  throw gone(
    `What was kept of ${order.version} is missing or damaged (${problems.join(", ")} under ${work.place.releases}).`,
  );
};

/** Finds the kept release. One that runs well already ends the order here: then it only keeps older orders out. */
export const prepareRestore = async (work: Work, order: RestoreClaims): Promise<void> => {
  const { now, journal } = work.shop;
  await work.haveLeave();
  const current = await currentRelease(work.place);
  const { release = "", previous, modules = [] } = await choose(work, order, current);
  const found = { release, modules: [...modules], ...(previous === undefined ? {} : { previous }) };
  if (release === current && stands(journal, order, current)) {
    await work.write({
      ...inState("Applied", now()),
      ...found,
      message: "The release runs already; nothing was switched.",
    });
    work.step("applied");
    return;
  }
  const before = release === current ? { stood: true } : current === undefined ? {} : { left: current };
  await work.write({ ...inState("Switching", now()), ...found, ...before });
  work.step("switching");
};
