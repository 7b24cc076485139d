/** One order in the journal of an agent. `place` is the folder it switches to, named by the sequence of the delivery that brought it. */
export interface ModelOrder {
  readonly update: number;
  readonly sequence: number;
  readonly action: "deliver" | "restore";
  /** What shall run afterwards. */
  readonly release: number;
  /** Of a restore: the sequence of what it takes back. */
  readonly undoes: number;
  readonly expiresAt: number;
  readonly state: "Accepted" | "Applied" | "Failed";
  readonly reason?: string;
  readonly place?: number;
  /** The folder a rollback of this delivery puts back. */
  readonly previous?: number;
  readonly switched?: true;
  /** A restore of what was there already and had not come up. */
  readonly stood?: true;
}

export interface ModelAgent {
  /** The folder that runs, 0 for none. */
  readonly current: number;
  readonly orders: readonly ModelOrder[];
  /** Folders that are not there any more. */
  readonly lost: readonly number[];
}

export type NewOrder = Pick<ModelOrder, "update" | "sequence" | "action" | "release" | "undoes" | "expiresAt">;

/** An agent on which nothing was ever done, or one that a first order made run this release. */
export const agentAt = (release?: number): ModelAgent =>
  release === undefined
    ? { current: 0, orders: [], lost: [] }
    : {
        current: 1,
        lost: [],
        orders: [
          {
            update: -1,
            sequence: 1,
            action: "deliver",
            release,
            undoes: 0,
            expiresAt: 0,
            state: "Applied",
            place: 1,
            switched: true,
          },
        ],
      };

export const seenBy = ({ orders }: ModelAgent): number => orders.at(-1)?.sequence ?? 0;

/** The order that made run what runs. */
export const runningOn = ({ orders, current }: ModelAgent): ModelOrder | undefined =>
  orders.findLast((order) => order.place === current && order.switched);

export const releaseOn = (agent: ModelAgent): number => runningOn(agent)?.release ?? -1;

/** What a restore would put back. */
export const previousOn = (agent: ModelAgent): ModelOrder | undefined =>
  linePast(agent, agent.current).find(({ place = 0 }) => !agent.lost.includes(place));

const brought = ({ orders }: ModelAgent): readonly ModelOrder[] =>
  orders.filter(({ action, switched }) => action === "deliver" && switched);

function linePast(agent: ModelAgent, place: number): readonly ModelOrder[] {
  const all = brought(agent);
  const line: ModelOrder[] = [];
  for (let at = all.find((order) => order.place === place)?.previous; at !== undefined;) {
    const earlier = all.find((order) => order.place === at);
    if (earlier === undefined) break;
    line.push(earlier);
    at = earlier.previous;
  }
  return line;
}

/** Whether what runs came up well when it was switched to last. */
function stands({ orders }: ModelAgent, place: number): boolean {
  const last = orders.findLast(({ switched, stood }) => switched ?? stood ?? false);
  return last?.place === place && last.state === "Applied";
}

/** What the agent says to an order, and what becomes of it. */
export function take(
  agent: ModelAgent,
  order: NewOrder,
  now: number,
): { readonly word: string; readonly next?: ModelAgent; readonly known?: ModelOrder } {
  if (now >= order.expiresAt) return { word: "Expired" };
  const known = agent.orders.find(({ sequence }) => sequence === order.sequence);
  if (known !== undefined) {
    const same =
      known.update === order.update &&
      known.action === order.action &&
      known.release === order.release &&
      known.undoes === order.undoes;
    if (!same) return { word: "KeyReused", known };
    const renewed = known.state === "Accepted" && order.expiresAt > known.expiresAt;
    return {
      word: wordOf(known),
      known,
      ...(renewed && { next: replace(agent, known, { ...known, expiresAt: order.expiresAt }) }),
    };
  }
  if (agent.orders.some(({ state }) => state === "Accepted")) return { word: "Busy" };
  if (order.sequence <= seenBy(agent)) return { word: "SequenceTooLow" };
  return { word: "Accepted", next: { ...agent, orders: [...agent.orders, { ...order, state: "Accepted" }] } };
}

/** In one word how far an order is. */
export const wordOf = ({ state, reason }: ModelOrder): string => (state === "Failed" ? `Failed ${reason}` : state);

const replace = (agent: ModelAgent, order: ModelOrder, by: ModelOrder): ModelAgent => ({
  ...agent,
  orders: agent.orders.map((one) => (one === order ? by : one)),
});

/** How an order ends: well, before its switch, or after it. */
export type Ending = "well" | "before the switch" | "after the switch";

/** The agent brings the order that it has taken to its end. */
export function carryOut(agent: ModelAgent, order: ModelOrder, ending: Ending, now: number): ModelAgent {
  const fail = (reason: string, more: Partial<ModelOrder> = {}): ModelAgent =>
    replace(agent, order, { ...order, ...more, state: "Failed", reason });
  if (now >= order.expiresAt) return fail("Expired");
  if (ending === "before the switch") return fail(order.action === "deliver" ? "FetchFailed" : "AgentTrouble");
  const place = order.action === "deliver" ? order.sequence : kept(agent, order.release);
  if (place === undefined) return fail("SnapshotGone");
  if (order.action === "restore" && place === agent.current && stands(agent, place))
    return replace(agent, order, { ...order, place, state: "Applied" });
  const earlier = order.action === "deliver" ? previousFor(agent, order.release) : undefined;
  const switched = {
    place,
    ...(place === agent.current ? { stood: true as const } : { switched: true as const }),
    ...(earlier !== undefined && { previous: earlier }),
  };
  const after =
    ending === "well"
      ? replace(agent, order, { ...order, ...switched, state: "Applied" })
      : fail("HookFailed", switched);
  return { ...after, current: place };
}

function previousFor(agent: ModelAgent, release: number): number | undefined {
  const running = brought(agent).find(({ place }) => place === agent.current);
  if (running === undefined) return agent.current === 0 ? undefined : agent.current;
  return running.release !== release && stands(agent, agent.current) ? agent.current : running.previous;
}

/** The folder in which a release is kept: the one that runs first, then what it came after, then the newest. */
function kept(agent: ModelAgent, release: number): number | undefined {
  const all = brought(agent);
  const inOrder = [
    ...all.filter(({ place }) => place === agent.current),
    ...linePast(agent, agent.current),
    ...all.toReversed(),
  ];
  return inOrder.find((order) => order.release === release && !agent.lost.includes(order.place ?? 0))?.place;
}
