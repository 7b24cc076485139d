import {
  MAX_APPS,
  orderIdentity,
  type AgentStatus,
  type OrderClaims,
  type OrderReport,
  type Refusal,
  type RefusalReason,
} from "../api/order.ts";
import type { VerifyKeys } from "../licence/keys.ts";
import { verifyOrder, verifyRead } from "../licence/verify.ts";
import { carryOut } from "./apply.ts";
import { ended, reportOf, type Entry } from "./journal.ts";
import { lacksLicence } from "./leave.ts";
import { hasRoomFor, idOf, statusOf } from "./status.ts";
import { inState } from "./work.ts";
import type { Workshop } from "./workshop.ts";

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body | Refusal;
}

const STATUS: Readonly<Record<RefusalReason, number>> = {
  Unauthorized: 401,
  WrongAudience: 401,
  Expired: 401,
  NotYetValid: 401,
  Malformed: 400,
  KeyMismatch: 400,
  TooLarge: 413,
  NotFound: 404,
  KeyReused: 409,
  SequenceTooLow: 409,
  TooManyApps: 409,
  Busy: 409,
  LicenceMissing: 403,
  LicenceMalformed: 403,
  LicenceSignatureInvalid: 403,
  LicenceWrongMainframe: 403,
  LicenceVersionNotEntitled: 403,
  LicenceNotYetValid: 403,
  LicenceExpired: 403,
};

export const refuse = (
  reason: RefusalReason,
  message: string,
  sequence?: number,
): { readonly status: number; readonly body: Refusal } => ({
  status: STATUS[reason],
  body: { reason, message: message.slice(0, 2048), ...(sequence === undefined ? {} : { sequence }) },
});

const licenceOf = (order: OrderClaims): string | undefined => (order.action === "deliver" ? order.licence : undefined);

export interface Believed {
  readonly operatorKeys: () => Promise<VerifyKeys>;
  readonly agentVersion: string;
}

/** Takes orders, one at a time per app and layer, and answers for them. */
export class Orders {
  readonly #shop: Workshop;
  readonly #believed: Believed;
  readonly #stop = new AbortController();
  /** Per app and layer: the order under way. */
  readonly #running = new Map<string, { readonly key: string; readonly done: Promise<void> }>();

  constructor(shop: Workshop, believed: Believed) {
    this.#shop = shop;
    this.#believed = believed;
  }

  #situation() {
    return { aud: this.#shop.config.name, now: this.#shop.now() };
  }

  /** Goes on with what a crash or a stop left unfinished. */
  resume(): void {
    for (const entry of this.#shop.journal.all()) if (!ended(entry)) this.#start(entry);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the agent stops"));
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async put(key: string, jws: string): Promise<Answer<OrderReport>> {
    const checked = await verifyOrder(jws, await this.#believed.operatorKeys(), this.#situation());
    if (!checked.ok) return refuse(checked.reason, checked.message);
    const order = checked.claims;
    if (order.key !== key) return refuse("KeyMismatch", `The order is ${order.key}, but was sent to ${key}.`);
    const unlicensed = await lacksLicence(order, this.#shop.judge);

    // From here to the reservation nothing waits, so two requests cannot both pass.
    const known = this.#shop.journal.get(key);
    if (known !== undefined) return this.#repeat(known, order);
    const id = idOf(order);
    const busy = this.#running.get(id);
    if (busy !== undefined && (busy.key === key || this.#hasEnded(busy.key))) {
      // Either this very order is being written for another request, or the one before is only tidied up after.
      await busy.done;
      return this.put(key, jws);
    }
    if (busy !== undefined)
      return refuse("Busy", `Order ${busy.key} is under way for ${id}; send this one when it has ended.`);
    const before = this.#shop.journal.of(order.app, order.layer);
    const stuck = before.find((entry) => !ended(entry));
    if (stuck !== undefined) {
      this.#start(stuck);
      return refuse(
        "Busy",
        `Order ${stuck.order.key} could not be ended for ${id} and is tried again; send this one when it has ended.`,
      );
    }
    const last = before.at(-1)?.order;
    if (last !== undefined && order.sequence <= last.sequence) {
      return refuse(
        "SequenceTooLow",
        `Sequence ${order.sequence} is not above ${last.sequence}, which this agent has taken for ${id} (order ${last.key}).`,
        last.sequence,
      );
    }
    if (!hasRoomFor(this.#shop.journal, this.#running.keys(), id)) {
      return refuse(
        "TooManyApps",
        `This agent answers for ${MAX_APPS} apps already and takes no order for ${id}. Whoever administers the target puts it under an agent of its own.`,
      );
    }
    if (unlicensed !== undefined) return refuse(unlicensed.reason, unlicensed.message);
    return this.#take(id, order);
  }

  #hasEnded(key: string): boolean {
    const entry = this.#shop.journal.get(key);
    return entry !== undefined && ended(entry);
  }

  async #repeat(known: Entry, order: OrderClaims): Promise<Answer<OrderReport>> {
    if (orderIdentity(known.order) !== orderIdentity(order)) {
      return refuse(
        "KeyReused",
        `Key ${order.key} was taken to ${known.order.action} version ${known.order.version} with SHA-256 ${known.order.sha256}; another order needs another sequence.`,
        known.order.sequence,
      );
    }
    await this.#renew(known, order);
    return this.#goOn(order.key, known);
  }

  /** Until the switch, the order that counts longest says how long and under which licence; one sent again out of turn changes nothing. */
  async #renew(known: Entry, order: OrderClaims): Promise<void> {
    const renews = (entry: Entry): boolean => {
      if (ended(entry) || entry.activations > 0) return false;
      return (
        order.exp > entry.order.exp || (order.exp === entry.order.exp && licenceOf(order) !== licenceOf(entry.order))
      );
    };
    if (!renews(known)) return;
    await this.#shop.journal.change(order.key, (entry) => (renews(entry) ? { ...entry, order } : entry));
  }

  /** Whoever asks about an order that stopped half way makes the agent try again. */
  #goOn(key: string, before: Entry): Answer<OrderReport> {
    const known = this.#shop.journal.get(key) ?? before;
    if (!ended(known)) this.#start(known);
    return { status: ended(known) ? 200 : 202, body: reportOf(known) };
  }

  async #take(id: string, order: OrderClaims): Promise<Answer<OrderReport>> {
    const entry: Entry = { order, activations: 0, ...inState("Accepted", this.#shop.now()) };
    const written = this.#shop.journal.put(entry);
    this.#running.set(id, { key: order.key, done: written.catch(() => undefined) });
    try {
      await written;
    } finally {
      this.#running.delete(id);
    }
    const { key, action, version, deployment } = order;
    this.#shop.log("order taken", { key, action, version, deployment });
    this.#shop.onStep("accepted", order.key);
    this.#start(entry);
    return { status: 202, body: reportOf(entry) };
  }

  #start(entry: Entry): void {
    const id = idOf(entry.order);
    if (this.#running.has(id) || this.#stop.signal.aborted) return;
    const done = carryOut(this.#shop, entry, this.#stop.signal).finally(() => this.#running.delete(id));
    this.#running.set(id, { key: entry.order.key, done });
  }

  async #mayRead(token: string | undefined) {
    if (token === undefined)
      return refuse("Unauthorized", "A read token is needed: Authorization: Bearer <signed token>.");
    const checked = await verifyRead(token, await this.#believed.operatorKeys(), this.#situation());
    return checked.ok ? undefined : refuse(checked.reason, checked.message);
  }

  async get(key: string, token: string | undefined): Promise<Answer<OrderReport>> {
    const refused = await this.#mayRead(token);
    if (refused !== undefined) return refused;
    const known = this.#shop.journal.get(key);
    return known === undefined
      ? refuse("NotFound", `This agent has taken no order ${key}.`)
      : { ...this.#goOn(key, known), status: 200 };
  }

  async status(token: string | undefined): Promise<Answer<AgentStatus>> {
    const refused = await this.#mayRead(token);
    if (refused !== undefined) return refused;
    return { status: 200, body: await statusOf(this.#shop, this.#believed.agentVersion, this.#stop.signal) };
  }
}
