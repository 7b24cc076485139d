/** One thing at a time for each name, in the order in which it was asked for: two that apply at once would undo each other's work. */
export const createTurns = () => {
  const last = new Map<string, Promise<unknown>>();
  return async <Result>(name: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result> => {
    const before = last.get(name) ?? Promise.resolve();
    const turn = before.then(() => {
      signal.throwIfAborted();
      return work();
    });
    const ended = turn.catch(() => undefined);
    last.set(name, ended);
    void ended.then(() => last.get(name) === ended && last.delete(name));
    return turn;
  };
};
