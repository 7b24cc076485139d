interface Waiter {
  readonly isLook: boolean;
  readonly begin: () => void;
}

/** One thing at a time per name. Who only looks lets those pass who deliver; who stops waiting leaves the queue. */
export interface Turns {
  readonly take: <Result>(
    name: string,
    work: () => Promise<Result>,
    more: { readonly signal: AbortSignal; readonly isLook?: boolean },
  ) => Promise<Result>;
  /** Whether nobody is at work there, nor waits. */
  readonly isIdle: (name: string) => boolean;
}

export function createTurns(): Turns {
  const queues = new Map<string, Waiter[]>();

  const entered = (name: string, isLook: boolean, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const queue = queues.get(name);
    if (queue === undefined) {
      queues.set(name, []);
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      queue.splice(queue.indexOf(waiter), 1);
      reject(signal.reason as Error);
    };
    const waiter: Waiter = {
      isLook,
      begin: () => {
        signal.removeEventListener("abort", leave);
        resolve();
      },
    };
    const firstLook = isLook ? -1 : queue.findIndex((other) => other.isLook);
    queue.splice(firstLook < 0 ? queue.length : firstLook, 0, waiter);
    signal.addEventListener("abort", leave, { once: true });
    return promise;
  };

  const left = (name: string): void => {
    const next = queues.get(name)?.shift();
    if (next === undefined) queues.delete(name);
    else next.begin();
  };

  return {
    take: async (name, work, { signal, isLook = false }) => {
      await entered(name, isLook, signal);
      try {
        return await work();
      } finally {
        left(name);
      }
    },
    isIdle: (name) => !queues.has(name),
  };
}
