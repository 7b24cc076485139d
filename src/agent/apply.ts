import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dispatcher } from "undici";
import type { OrderState } from "../api/order.ts";
import type { AgentConfig } from "./config.ts";
import { OrderFailure, said } from "./failure.ts";
import { fetchArchive } from "./fetch.ts";
import type { HealthProbe } from "./health.ts";
import { hookFailure, keptBeside, runHook } from "./hook.ts";
import type { Entry, Journal } from "./journal.ts";
import {
  clearIncoming,
  currentRelease,
  discard,
  placeOf,
  prune,
  releaseName,
  shelve,
  switchTo,
  type Place,
} from "./layout.ts";
import { lacksLeave, type Judge } from "./leave.ts";
import { moduleNames, readManifest } from "./manifest.ts";
import { mustFit } from "./status.ts";
import { unpack } from "./unpack.ts";

/** The moments between two effects on disk, in order; an agent that dies at any of them comes to the same end when started again. */
export const STEPS = [
  "accepted",
  "fetching",
  "fetched",
  "unpacking",
  "unpacked",
  "switching",
  "switched",
  "counted",
  "hooked",
  "healthy",
  "applied",
] as const;
export type Step = (typeof STEPS)[number];

export interface Workshop {
  readonly config: AgentConfig;
  readonly journal: Journal;
  readonly source: Dispatcher;
  readonly health: HealthProbe;
  readonly judge: Judge;
  readonly now: () => Date;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly onStep: (step: Step, key: string) => void;
}

const SENTENCES: Readonly<Record<Exclude<OrderState, "Failed">, string>> = {
  Accepted: "The order was taken.",
  Fetching: "The archive is being fetched.",
  Unpacking: "The archive is being unpacked beside the release that runs.",
  Switching: "The release is complete and is being switched to.",
  Applied: "The release runs and is healthy.",
};

export const inState = (
  state: Exclude<OrderState, "Failed">,
  now: Date,
): Pick<Entry, "state" | "reason" | "message" | "at"> => ({
  state,
  reason: state,
  message: SENTENCES[state],
  at: now.toISOString(),
});

/** One order on its way; every change of `entry` is on disk before the next effect begins. */
class Work {
  readonly #shop: Workshop;
  readonly #signal: AbortSignal;
  readonly #key: string;
  readonly place: Place;

  constructor(shop: Workshop, { key, app, layer }: Entry["order"], signal: AbortSignal) {
    this.#shop = shop;
    this.#signal = signal;
    this.#key = key;
    this.place = placeOf(shop.config.root, app, layer);
  }

  /** Always the journal's: the order may be renewed while it is carried out. */
  get entry(): Entry {
    const entry = this.#shop.journal.get(this.#key);
    if (entry === undefined) throw new Error(`the journal has no order ${this.#key}`);
    return entry;
  }

  write(change: Partial<Entry>): Promise<void> {
    return this.#shop.journal.change(this.#key, (known) => ({
      ...known,
      at: this.#shop.now().toISOString(),
      ...change,
    }));
  }

  step(step: Step): void {
    this.#shop.onStep(step, this.#key);
    this.#signal.throwIfAborted();
  }

  /** Nothing here changes what runs, so it is simply done anew after a crash. */
  async prepare(): Promise<void> {
    const { config, source, now } = this.#shop;
    const { order } = this.entry;
    const archive = join(this.place.incoming, "archive");
    const unpacked = join(this.place.incoming, "release");

    await this.haveLeave();
    await this.write(inState("Fetching", now()));
    this.step("fetching");
    await clearIncoming(this.place);
    await fetchArchive(source, { url: order.url, sha256: order.sha256, to: archive }, config.fetch, this.#signal);
    this.step("fetched");

    await this.write(inState("Unpacking", now()));
    this.step("unpacking");
    await unpack(archive, unpacked, config.limits, this.#signal);
    const manifest = await readManifest(unpacked, order);
    const modules = moduleNames(manifest);
    await mustFit(this.#shop, order, modules);
    const release = releaseName(order);
    await shelve(this.place, unpacked, release);
    await rm(archive, { force: true });
    this.step("unpacked");

    const previous = await currentRelease(this.place);
    await this.write({
      ...inState("Switching", now()),
      release,
      modules: [...modules],
      ...(previous === undefined ? {} : { previous }),
    });
    this.step("switching");
  }

  /** An order that was taken in time may come to its switch too late: after a power cut, or a long fetch. */
  async haveLeave(): Promise<void> {
    const lack = await lacksLeave(this.entry.order, this.#shop.judge);
    if (lack !== undefined) throw new OrderFailure(lack.reason, `${lack.message} Nothing was switched.`);
  }

  /** A switch whose count was lost in a crash is counted now and not done again; once it is done, time does not stop the rest. */
  async activate(release: string): Promise<void> {
    if (!(await this.isCurrent(release))) {
      await this.haveLeave();
      await switchTo(this.place, release);
    }
    this.step("switched");
    await this.write({ activations: this.entry.activations + 1, since: this.#shop.now().toISOString() });
    this.step("counted");
  }

  /** The hook runs again when a crash left open whether it ended, so hooks are written to be repeated. */
  async settle(release: string): Promise<void> {
    const { config, health, log, now } = this.#shop;
    const { order, previous } = this.entry;
    if (config.hook !== undefined) {
      const env = {
        ASHAT_APP: order.app,
        ASHAT_LAYER: order.layer,
        ASHAT_VERSION: order.version,
        ASHAT_RELEASE: join(this.place.releases, release),
        ASHAT_CURRENT: this.place.current,
      };
      const { output, problem } = await runHook(config.hook, env, this.#signal);
      log("hook ended", { key: order.key, output, ...(problem === undefined ? {} : { problem }) });
      if (problem !== undefined) throw hookFailure(problem, release, previous);
    }
    this.step("hooked");
    const found = await health.until(config.health.deadlineSeconds * 1000, this.#signal);
    if (!found.ok) {
      throw new OrderFailure(
        "HealthFailed",
        `After the switch the server was not healthy within ${config.health.deadlineSeconds} s: ${found.message} The new release ${release} is in place and nothing was restored; ${keptBeside(previous)}`,
      );
    }
    this.step("healthy");
    await this.write(inState("Applied", now()));
    this.step("applied");
  }

  async tidy(): Promise<void> {
    const { config, journal, log } = this.#shop;
    const { app, layer, key } = this.entry.order;
    await rm(this.place.incoming, { recursive: true, force: true });
    const spared = this.entry.previous === undefined ? [] : [this.entry.previous];
    const gone = await prune(this.place, config.keep, spared);
    await journal.prune(app, layer);
    if (gone.length > 0) log("releases removed", { key, gone });
  }

  async isCurrent(release: string | undefined): Promise<boolean> {
    return release !== undefined && (await currentRelease(this.place)) === release;
  }

  async fail(error: unknown): Promise<void> {
    const { release, activations } = this.entry;
    const switched = activations > 0 || (await this.isCurrent(release));
    const where = switched
      ? `The new release is in place and nothing was restored; ${keptBeside(this.entry.previous)}`
      : "Nothing was switched.";
    const { reason, message } =
      error instanceof OrderFailure
        ? error
        : new OrderFailure("AgentTrouble", `The agent could not go on: ${said(error)}. ${where}`);
    await this.write({ state: "Failed", reason, message: message.slice(0, 2048) });
    if (release !== undefined && !switched) await discard(this.place, release);
    await rm(this.place.incoming, { recursive: true, force: true });
  }
}

/** Brings an order that was taken to its end, from wherever it stands. Stopped by the signal, it goes on at the next start. */
export const carryOut = async (shop: Workshop, taken: Entry, signal: AbortSignal): Promise<void> => {
  const work = new Work(shop, taken.order, signal);
  const { key } = taken.order;
  try {
    try {
      if (work.entry.state !== "Switching") await work.prepare();
      const { release } = work.entry;
      if (release === undefined) throw new Error("the journal names no release to switch to");
      if (work.entry.activations === 0) await work.activate(release);
      await work.settle(release);
    } catch (error) {
      if (signal.aborted) throw error;
      await work.fail(error);
    }
    shop.log("order ended", { key, state: work.entry.state, reason: work.entry.reason, message: work.entry.message });
    if (work.entry.state === "Applied") await work.tidy();
  } catch (error) {
    // What is on disk is a true account; the next start goes on from there, and so does whoever asks about this order or sends it again.
    shop.log(signal.aborted ? "order interrupted" : "order stuck", { key, error: said(error) });
  }
};
