import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { Issued } from "../cluster/pki.ts";
import type { GitRepository } from "./git-repository.ts";

/**
 * This is no GitHub: a small HTTPS server that answers three of GitHub's requests (list, open, close) as its documentation has them, over a real
 * bare repository. Merging is done by `merge`, as a person does it on the page: what the branch gets is really there.
 */
export interface PullRequests {
  readonly url: string;
  /** Method, path and query of what came. */
  readonly came: readonly string[];
  readonly all: () => readonly Pull[];
  readonly merge: (number: number, how: "merge" | "squash" | "rebase", message?: string) => Promise<string>;
  readonly close: (number: number) => void;
  /** Somebody writes other words on its page. */
  readonly reword: (number: number, body: string) => void;
  /** The next requests (of this method, where it is given) are answered like this; undefined ends that. */
  readonly answer: (status: number | undefined, more?: Partial<Omit<Refusing, "status">>) => void;
  readonly stop: () => Promise<void>;
}

export interface Pull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly branch: string;
  readonly base: string;
  readonly state: "open" | "closed";
  readonly mergedAt?: string;
  readonly sha?: string;
}

interface Refusing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: string;
  readonly method?: string;
}

const WHO = ["-c", "user.name=maintainer", "-c", "user.email=maintainer@example.com"];

export async function startPullRequests(
  certificate: Issued,
  { repository, name, token }: { readonly repository: GitRepository; readonly name: string; readonly token: string },
): Promise<PullRequests> {
  const pulls: Pull[] = [];
  const came: string[] = [];
  let refusing: Refusing | undefined;
  const shown = (pull: Pull) => ({
    number: pull.number,
    html_url: `https://pages.example/${name}/pull/${pull.number}`,
    state: pull.state,
    body: pull.body,
    merged_at: pull.mergedAt ?? null,
    // For one that is open this is a merge that was only tried.
    merge_commit_sha: pull.sha ?? "0".repeat(40),
  });
  const change = (number: number, more: Partial<Pull>): Pull => {
    const index = pulls.findIndex((pull) => pull.number === number);
    const pull = pulls[index];
    if (pull === undefined) throw new Error(`there is no pull request ${number}`);
    const changed = { ...pull, ...more };
    pulls[index] = changed;
    return changed;
  };

  const answer = async (request: IncomingMessage): Promise<readonly [number, unknown]> => {
    const url = new URL(request.url ?? "/", "https://api");
    if (refusing !== undefined && (refusing.method ?? request.method) === request.method)
      return [refusing.status, { message: refusing.message }];
    if (request.headers.authorization !== `Bearer ${token}`) return [401, { message: "Bad credentials" }];
    if (request.headers["user-agent"] === undefined) return [403, { message: "no user agent" }];
    if (request.method === "GET" && url.pathname === `/repos/${name}/pulls`) {
      const [owner, branch] = (url.searchParams.get("head") ?? "").split(/:(.*)/s);
      if (owner !== name.split("/")[0]) return [200, []];
      return [
        200,
        pulls.filter((pull) => pull.branch === branch && pull.base === url.searchParams.get("base")).map(shown),
      ];
    }
    if (request.method === "POST" && url.pathname === `/repos/${name}/pulls`) {
      const { title, body, head, base } = (await json(request)) as Readonly<Record<string, string>>;
      if (title === undefined || body === undefined || head === undefined || base === undefined) return [422, {}];
      if (pulls.some((pull) => pull.branch === head && pull.state === "open"))
        return [
          422,
          { message: "Validation Failed", errors: [{ message: `A pull request already exists for ${head}.` }] },
        ];
      const pull: Pull = { number: pulls.length + 1, title, body, branch: head, base, state: "open" };
      pulls.push(pull);
      return [201, shown(pull)];
    }
    const [, number] = new RegExp(`^/repos/${name}/pulls/(\\d+)$`).exec(url.pathname) ?? [];
    if (request.method === "PATCH" && number !== undefined) {
      const { state } = (await json(request)) as { readonly state?: string };
      return state === "closed" ? [200, shown(change(Number(number), { state }))] : [422, {}];
    }
    return [404, { message: "Not Found" }];
  };

  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (request, response) => {
    came.push(`${request.method} ${decodeURIComponent(request.url ?? "")}`);
    answer(request).then(
      ([status, body]) =>
        response
          .writeHead(status, { "content-type": "application/json", ...refusing?.headers })
          .end(JSON.stringify(body)),
      () => request.socket.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { git } = repository;
  return {
    url: `https://127.0.0.1:${port}`,
    came,
    all: () => pulls,
    merge: async (number, how, message) => {
      const pull = pulls.find((one) => one.number === number);
      if (pull === undefined) throw new Error(`there is no pull request ${number}`);
      const { base, branch } = pull;
      const tree = (await git(["merge-tree", "--write-tree", base, branch])).trim().split("\n")[0] ?? "";
      const said = message ?? (how === "merge" ? `Merge ${branch}` : await git(["log", "-1", "--format=%B", branch]));
      const parents = how === "merge" ? ["-p", base, "-p", branch] : ["-p", base];
      const sha = (await git([...WHO, "commit-tree", ...parents, "-m", said, tree])).trim();
      await git(["update-ref", `refs/heads/${base}`, sha]);
      change(number, { state: "closed", mergedAt: new Date().toISOString(), sha });
      return sha;
    },
    close: (number) => void change(number, { state: "closed" }),
    reword: (number, body) => void change(number, { body }),
    answer: (status, more) => {
      refusing = status === undefined ? undefined : { status, headers: {}, message: "refused", ...more };
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
