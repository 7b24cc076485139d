import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DeliverClaims } from "../api/order.ts";
import { fetchArchive } from "./fetch.ts";
import { clearIncoming, currentRelease, releaseName, shelve } from "./layout.ts";
import { previousFor } from "./line.ts";
import { moduleNames, readManifest } from "./manifest.ts";
import { mustFit } from "./status.ts";
import { unpack } from "./unpack.ts";
import { inState, type Work } from "./work.ts";

/** Brings the archive and lays its release beside the one that runs. Nothing here changes what runs, so it is simply done anew after a crash. */
export const prepareDelivery = async (work: Work, order: DeliverClaims): Promise<void> => {
  const { config, source, now, journal } = work.shop;
  const { place, signal } = work;
  const archive = join(place.incoming, "archive");
  const unpacked = join(place.incoming, "release");

  await work.haveLeave();
  await work.write(inState("Fetching", now()));
  work.step("fetching");
  await clearIncoming(place);
  await fetchArchive(source, { url: order.url, sha256: order.sha256, to: archive }, config.fetch, signal);
  work.step("fetched");

  await work.write(inState("Unpacking", now()));
  work.step("unpacking");
  await unpack(archive, unpacked, config.limits, signal);
  const manifest = await readManifest(unpacked, order);
  const modules = moduleNames(manifest);
  await mustFit(work.shop, order, modules);
  const release = releaseName(order);
  await shelve(place, unpacked, release);
  await rm(archive, { force: true });
  work.step("unpacked");

  const previous = previousFor(journal, order, await currentRelease(place));
  await work.write({
    ...inState("Switching", now()),
    release,
    modules: [...modules],
    ...(previous === undefined ? {} : { previous }),
  });
  work.step("switching");
};
