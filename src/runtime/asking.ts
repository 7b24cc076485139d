/** Questions to things that may be silent, asked by many at the same time. */
export type Asking<Answer> = {
  /**
   * Asks, and shares the answer with whoever asks meanwhile. A good answer counts only for those who wanted it before the
   * question was sent, so whoever comes later waits for the next one; a silence counts for all of them.
   */
  readonly ask: (id: string, question: Question<Answer>, signal: AbortSignal) => Promise<Answer>;
  /** The same, but one that was silent is left alone for a while: its last word is repeated instead. */
  readonly askUnlessSilent: (id: string, question: Question<Answer>, signal: AbortSignal) => Promise<Answer>;
};

/** Its signal is that of the process: an asker that gives up takes the answer from nobody else. */
export type Question<Answer> = (signal: AbortSignal) => Promise<Answer>;

const orAborted = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
};

export const createAsking = <Answer>(options: {
  readonly isSilence: (answer: Answer) => boolean;
  /** How long a silence is believed. Good answers are never remembered: they age. */
  readonly quietMs: number;
  readonly now: () => number;
  readonly stop: AbortSignal;
}): Asking<Answer> => {
  const { isSilence, quietMs, now, stop } = options;
  const running = new Map<string, Promise<Answer>>();
  const following = new Map<string, Promise<Answer>>();
  /** In the order of their ends. */
  const silences = new Map<string, { readonly answer: Answer; readonly until: number }>();

  const remember = (id: string, answer: Answer): void => {
    silences.delete(id);
    if (isSilence(answer)) silences.set(id, { answer, until: now() + quietMs });
    for (const [old, { until }] of silences) {
      if (until > now()) break;
      silences.delete(old);
    }
  };

  const kept = (map: Map<string, Promise<Answer>>, id: string, promise: Promise<Answer>): Promise<Answer> => {
    map.set(id, promise);
    // Everybody may have given up waiting by the time it fails.
    promise.catch(() => undefined);
    return promise;
  };

  const send = (id: string, question: Question<Answer>): Promise<Answer> => {
    const answered = async (): Promise<Answer> => {
      try {
        const answer = await question(stop);
        remember(id, answer);
        return answer;
      } finally {
        running.delete(id);
      }
    };
    return kept(running, id, Promise.resolve().then(answered));
  };

  const follow = (id: string, question: Question<Answer>, current: Promise<Answer>): Promise<Answer> => {
    const next = async (): Promise<Answer> => {
      const before = await current.catch(() => undefined);
      following.delete(id);
      return before !== undefined && isSilence(before) ? before : send(id, question);
    };
    return kept(following, id, next());
  };

  const shared = (id: string, question: Question<Answer>): Promise<Answer> => {
    const next = following.get(id);
    if (next !== undefined) return next;
    const current = running.get(id);
    return current === undefined ? send(id, question) : follow(id, question, current);
  };

  return {
    ask: (id, question, signal) => orAborted(shared(id, question), signal),
    askUnlessSilent: (id, question, signal) => {
      const silence = silences.get(id);
      return silence !== undefined && silence.until > now()
        ? Promise.resolve(silence.answer)
        : orAborted(shared(id, question), signal);
    },
  };
};
