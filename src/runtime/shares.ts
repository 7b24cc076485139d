/** How the workers are shared between groups of keys, so that no group can have them all. */
export interface Sharing {
  readonly groupOf: (key: string) => string;
  readonly workers: number;
  /** More than these a group has under way only while a quarter of the workers stays free for others. */
  readonly mostPerGroup: number;
}

export interface Shares {
  readonly groupOf: (key: string) => string;
  /** Whether one more key of the group may be worked on now. */
  readonly hasRoom: (group: string) => boolean;
  readonly begin: (group: string) => void;
  readonly end: (group: string) => void;
}

/** One group, and no bound but that of who takes. */
const UNSHARED: Shares = { groupOf: () => "", hasRoom: () => true, begin: () => undefined, end: () => undefined };

/**
 * A group that is alone may have three quarters of the workers, one beside others its most. The last eighth is for groups that have nothing
 * under way, so that some groups that hang do not stop all others either.
 */
export function createShares(sharing: Sharing | undefined): Shares {
  if (sharing === undefined) return UNSHARED;
  const { groupOf, workers, mostPerGroup } = sharing;
  const running = new Map<string, number>();
  let taken = 0;
  const change = (group: string, by: 1 | -1): void => {
    const left = (running.get(group) ?? 0) + by;
    taken += by;
    if (left === 0) running.delete(group);
    else running.set(group, left);
  };
  return {
    groupOf,
    hasRoom: (group) => {
      const own = running.get(group) ?? 0;
      const free = workers - taken;
      if (own === 0) return true;
      return free > workers / 4 || (own < mostPerGroup && free > workers / 8);
    },
    begin: (group) => change(group, 1),
    end: (group) => change(group, -1),
  };
}
