import type { Dispatcher } from "undici";
import { z } from "zod";
import { exchange, type Exchange } from "../../dial/exchange.ts";
import { GitRefusal } from "./refusal.ts";
import { GitTrouble } from "./trouble.ts";

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly state: "Open" | "Merged" | "Closed";
  /** What the branch got, whichever way it was merged. */
  readonly revision?: string;
  /** What is written on its page, by whoever may. */
  readonly body: string;
}

const Answer = z.object({
  number: z.int(),
  html_url: z.string().max(2048),
  state: z.enum(["open", "closed"]),
  body: z.string().nullish(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullish(),
});

const pullRequestOf = ({
  number,
  html_url: url,
  state,
  body,
  merged_at,
  merge_commit_sha,
}: z.output<typeof Answer>): PullRequest => ({
  number,
  url,
  state: state === "open" ? "Open" : merged_at ? "Merged" : "Closed",
  body: body ?? "",
  ...(merged_at && merge_commit_sha && { revision: merge_commit_sha }),
});

const ORDER: readonly PullRequest["state"][] = ["Merged", "Open", "Closed"];

export interface GitHub {
  /** The one of this branch; of several the one that was merged, else the one that is open. */
  readonly find: (branch: string) => Promise<PullRequest | undefined>;
  /** Undefined where the branch has nothing that its base has not. */
  readonly open: (words: {
    readonly branch: string;
    readonly title: string;
    readonly body: string;
  }) => Promise<PullRequest | undefined>;
  readonly close: (number: number) => Promise<void>;
}

interface Where {
  readonly api: string;
  readonly repository: string;
  readonly base: string;
  readonly token: string;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** When each API may be asked again, told by its last refusal. */
  readonly pauses: Map<string, number>;
}

const MAX_BYTES = 4 * 1024 * 1024;
const DEADLINE_MS = 20_000;

const header = (headers: Dispatcher.ResponseData["headers"], name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

type Answered = Extract<Exchange, { readonly state: "Answered" }>;

/** When a limit ends, in milliseconds; undefined where the answer is about something else. */
function limitedUntil({ status, headers }: Answered, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const retry = Number(header(headers, "retry-after"));
  if (Number.isFinite(retry) && retry > 0) return now + Math.min(retry, 86_400) * 1000;
  const reset = Number(header(headers, "x-ratelimit-reset"));
  if (header(headers, "x-ratelimit-remaining") === "0" && Number.isFinite(reset))
    return Math.max(now + 1000, Math.min(reset * 1000, now + 86_400_000));
  return status === 429 ? now + 60_000 : undefined;
}

const jsonOf = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
};

/** What a server says, without what it was told in confidence, nor anything that would turn or hide other words. */
const messageIn = (body: unknown, token: string): string => {
  const parsed = z
    .object({
      message: z.string().default(""),
      errors: z.array(z.object({ message: z.string().default("") })).default([]),
    })
    .safeParse(body);
  if (!parsed.success) return "";
  const { message, errors } = parsed.data;
  return [message, ...errors.map((one) => one.message)]
    .filter(Boolean)
    .join("; ")
    .replaceAll(token, "***")
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .slice(0, 300);
};

/** The few requests of GitHub's REST API that are needed; each may be repeated. */
export function gitHub({ api, repository, base, token, dispatcher, signal, now, pauses }: Where): GitHub {
  const root = `${api.replace(/\/$/, "")}/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
  const owner = repository.split("/")[0] ?? "";

  const pausedUntil = (until: number): GitTrouble =>
    new GitTrouble(
      "Unreachable",
      `${api} lets this token ask again at ${new Date(until).toISOString()} only (its rate limit).`,
    );

  const ask = async (
    method: "GET" | "POST" | "PATCH",
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly json: unknown }> => {
    const pause = pauses.get(api);
    if (pause !== undefined && pause > now()) throw pausedUntil(pause);
    const came = await exchange(dispatcher, {
      url: `${root}${path}`,
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "user-agent": "ashat",
        "x-github-api-version": "2022-11-28",
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      maxBytes: MAX_BYTES,
      deadlineMs: DEADLINE_MS,
      signal,
    });
    signal.throwIfAborted();
    if (came.state !== "Answered")
      throw new GitTrouble(
        came.state === "Aborted" || came.state === "Oversized" ? "Garbage" : came.state,
        came.message,
      );
    const until = limitedUntil(came, now());
    if (until !== undefined) {
      pauses.set(api, until);
      throw pausedUntil(until);
    }
    const json = jsonOf(came.body);
    const { status } = came;
    if (status === 401)
      throw new GitRefusal(
        "Unauthorized",
        `${api} does not accept the token. Whoever administers the namespace renews the key token in the Secret of git.secretRef.`,
        401,
      );
    if (status === 403)
      throw new GitRefusal(
        "Forbidden",
        `${api} does not allow this to the token (${messageIn(json, token)}). It needs the permission to write pull requests of ${repository}.`,
        403,
      );
    if (status === 404)
      throw new GitRefusal(
        "RepositoryMissing",
        `${api} has no repository ${repository}, or the token may not see it. Correct git.pullRequest.repository, or the token.`,
      );
    if (status >= 500) throw new GitTrouble("Unreachable", `${api} answered HTTP ${status}. It is asked again.`);
    return { status, json };
  };

  const understood = <Value>(
    schema: z.ZodType<Value>,
    { status, json }: { readonly status: number; readonly json: unknown },
  ): Value => {
    const parsed = schema.safeParse(json);
    if (status < 300 && parsed.success) return parsed.data;
    throw new GitTrouble(
      "Garbage",
      `${api} answered HTTP ${status} with something that is not GitHub's answer${messageIn(json, token) && ` (${messageIn(json, token)})`}.`,
    );
  };

  const find: GitHub["find"] = async (branch) => {
    const query = new URLSearchParams({ head: `${owner}:${branch}`, base, state: "all", per_page: "30" });
    const found = understood(z.array(Answer), await ask("GET", `/pulls?${query.toString()}`)).map(pullRequestOf);
    return ORDER.flatMap((state) => found.filter((one) => one.state === state))[0];
  };

  return {
    find,
    open: async ({ branch, title, body }) => {
      const answer = await ask("POST", "/pulls", { title, body, head: branch, base, maintainer_can_modify: false });
      if (answer.status !== 422) return pullRequestOf(understood(Answer, answer));
      const words = messageIn(answer.json, token);
      if (/no commits between/i.test(words)) return undefined;
      // Opened already, by a request whose answer was lost.
      const there = await find(branch);
      if (there !== undefined) return there;
      throw new GitRefusal(
        "PullRequestRefused",
        `${api} opens no pull request in ${repository}: ${words || "it does not say why"}.`,
      );
    },
    close: async (number) => {
      understood(Answer, await ask("PATCH", `/pulls/${number}`, { state: "closed" }));
    },
  };
}
