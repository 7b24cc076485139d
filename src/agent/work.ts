import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { OrderClaims, OrderState } from "../api/order.ts";
import type { AgentConfig } from "./config.ts";
import { OrderFailure, said } from "./failure.ts";
import { runHook } from "./hook.ts";
import type { Entry } from "./journal.ts";
import { currentRelease, discard, placeOf, prune, switchTo, type Place } from "./layout.ts";
import { lacksLeave } from "./leave.ts";
import { linePast } from "./line.ts";
import { afterSwitch } from "./told.ts";
import type { Step, Workshop } from "./workshop.ts";

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
export class Work {
  readonly shop: Workshop;
  readonly signal: AbortSignal;
  readonly place: Place;
  readonly #key: string;

  constructor(shop: Workshop, { key, app, layer }: Entry["order"], signal: AbortSignal) {
    this.shop = shop;
    this.signal = signal;
    this.#key = key;
    this.place = placeOf(shop.config.root, app, layer);
  }

  /** Always the journal's: the order may be renewed while it is carried out. */
  get entry(): Entry {
    const entry = this.shop.journal.get(this.#key);
    if (entry === undefined) throw new Error(`the journal has no order ${this.#key}`);
    return entry;
  }

  write(change: Partial<Entry>): Promise<void> {
    return this.shop.journal.change(this.#key, (known) => ({
      ...known,
      at: this.shop.now().toISOString(),
      ...change,
    }));
  }

  step(step: Step): void {
    this.shop.onStep(step, this.#key);
    this.signal.throwIfAborted();
  }

  /** An order that was taken in time may come to its switch too late: after a power cut, or a long fetch. */
  async haveLeave(): Promise<void> {
    const lack = await lacksLeave(this.entry.order, this.shop.judge);
    if (lack !== undefined) throw new OrderFailure(lack.reason, `${lack.message} Nothing was switched.`);
  }

  /** A switch whose count was lost in a crash is counted now and not done again; once it is done, time does not stop the rest. */
  async activate(release: string): Promise<void> {
    if (!(await this.isCurrent(release))) {
      await this.haveLeave();
      await switchTo(this.place, release);
    } else if (this.entry.stood === true) return;
    this.step("switched");
    await this.write({ activations: this.entry.activations + 1, since: this.shop.now().toISOString() });
    this.step("counted");
  }

  /** The hook runs again when a crash left open whether it ended, so hooks are written to be repeated. */
  async settle(release: string): Promise<void> {
    const { config, health, log, now } = this.shop;
    const { order } = this.entry;
    if (config.hook !== undefined) {
      const env = {
        ASHAT_APP: order.app,
        ASHAT_LAYER: order.layer,
        ASHAT_VERSION: order.version,
        ASHAT_RELEASE: join(this.place.releases, release),
        ASHAT_CURRENT: this.place.current,
      };
      const { output, problem } = await runHook(config.hook, env, this.signal);
      log("hook ended", { key: order.key, output, ...(problem === undefined ? {} : { problem }) });
      if (problem !== undefined) {
        throw new OrderFailure(
          "HookFailed",
          `The hook of the agent ${problem}; what it printed is in the agent's log. ${afterSwitch(this.entry)}`,
        );
      }
    }
    this.step("hooked");
    const found = isAwaited(config.health, order)
      ? await health.until(config.health.deadlineSeconds * 1000, this.signal)
      : undefined;
    if (found?.ok === false) {
      throw new OrderFailure(
        "HealthFailed",
        `After the switch the server was not healthy within ${config.health.deadlineSeconds} s: ${found.message} ${afterSwitch(this.entry)}`,
      );
    }
    this.step("healthy");
    const applied = inState("Applied", now());
    await this.write(found === undefined ? { ...applied, message: "The release is in place." } : applied);
    this.step("applied");
  }

  /** What a rollback could ask for is spared: the releases this one came after, and the one it took the place of. */
  async tidy(): Promise<void> {
    const { config, journal, log } = this.shop;
    const { order, previous, left } = this.entry;
    await rm(this.place.incoming, { recursive: true, force: true });
    const line = linePast(journal, order, await currentRelease(this.place)).slice(0, config.keep - 1);
    const spared = [previous, left, ...line.map(({ release }) => release)];
    const { gone, kept } = await prune(this.place, config.keep, spared);
    await journal.prune(order.app, order.layer, kept);
    if (gone.length > 0) log("releases removed", { key: order.key, gone });
  }

  async isCurrent(release: string | undefined): Promise<boolean> {
    return release !== undefined && (await currentRelease(this.place)) === release;
  }

  async fail(error: unknown): Promise<void> {
    const { order, release, activations } = this.entry;
    const switched = activations > 0 || (await this.isCurrent(release));
    const where = switched ? afterSwitch(this.entry) : "Nothing was switched.";
    const { reason, message } =
      error instanceof OrderFailure
        ? error
        : new OrderFailure("AgentTrouble", `The agent could not go on: ${said(error)}. ${where}`);
    await this.write({ state: "Failed", reason, message: message.slice(0, 2048) });
    // Only what this order brought is its own to throw away.
    if (order.action === "deliver" && release !== undefined && !switched) await discard(this.place, release);
    await rm(this.place.incoming, { recursive: true, force: true });
  }
}

/** After every layer, unless the configuration names those that serve. */
const isAwaited = ({ layers }: AgentConfig["health"], { layer }: OrderClaims): boolean =>
  layers === undefined || layers.includes(layer);
