import { Agent } from "undici";
import { branchOf } from "../../../src/delivery/git/branches.ts";
import { gitHub, type GitHub } from "../../../src/delivery/git/github.ts";
import { messageOf } from "../../../src/delivery/git/message.ts";
import { propose, reportProposed } from "../../../src/delivery/git/propose.ts";
import { kustomization, REF, SEAL } from "../../world/git-scene.ts";
import { type Answer, faultyServer, type Seen } from "../kube/faulty-server.ts";
import { FILE, heard, inRepository, NOW, ORDER, refused, type Repository, UNDO } from "./on-disk.ts";
import { PLACE } from "./repositories.ts";
import type { Told } from "./told.ts";

/** What is said of pull requests: git itself runs, and what answers in the words of GitHub is not GitHub. */

const never = new AbortController().signal;
async function withHub<Result>(
  answering: (asked: Seen) => Answer,
  work: (hub: GitHub) => Promise<Result>,
): Promise<Result> {
  const server = await faultyServer(answering);
  const dispatcher = new Agent();
  try {
    const api = server.connection.server;
    const where = { api, repository: "acme/deploy", base: "main", token: "t", dispatcher, signal: never };
    return await work(gitHub({ ...where, now: () => NOW, pauses: new Map() }));
  } finally {
    await dispatcher.destroy();
    await server.close();
  }
}

const hubSays = async (...answers: readonly Answer[]): Promise<readonly Told[]> => {
  const all: Told[] = [];
  for (const answer of answers)
    all.push(
      ...(await withHub(
        () => answer,
        (hub) => refused(hub.open({ branch: "b", title: "t", body: "" })),
      )),
    );
  return all;
};

const pull = (state: "open" | "closed", merged: string | null = null) => ({
  number: 1,
  html_url: "https://git.example/acme/deploy/pull/1",
  state,
  merged_at: merged === null ? null : "2030-01-01T00:00:00Z",
  merge_commit_sha: merged,
});

/** What becomes of an order whose pull request is like that. */
const reports = (like: (repository: Repository) => object): Promise<readonly Told[]> =>
  inRepository(async (repository) => {
    repository.commit(FILE, kustomization("1.0.0", "a"));
    const body = [like(repository)];
    return withHub(
      () => ({ body }),
      async (hub) => [await heard(reportProposed(repository.mirror, hub, ORDER.key, repository.means))],
    );
  });

export const PULL_REQUESTS: Readonly<Record<string, () => Promise<readonly Told[]>>> = {
  "a pull request that is open": () => reports(() => pull("open")),
  "a pull request that is closed": () => reports(() => pull("closed")),
  "a pull request whose merge is not there yet": () => reports(({ head }) => pull("closed", head().replace(/.$/, "f"))),
  "a pull request that was merged with something else": () =>
    reports(({ commit, head }) => {
      const wrote = [{ file: FILE, place: { document: 0, path: ["images", { name: REF }, "digest"] } }];
      const at = { name: "shop/staging", uid: "uid-1", folder: "apps/ra" };
      commit(FILE, kustomization("2.0.0", "c"));
      const body = messageOf(ORDER, at, { wrote, values: "0".repeat(32) }, SEAL);
      return { ...pull("closed", head()), body };
    }),
  "a pull request that was merged under other words": () =>
    inRepository(async ({ mirror, means, commit, head }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      const [, undone] = [pull("open"), pull("closed", head())];
      return withHub(
        ({ url }) => ({ body: url.searchParams.get("head")?.includes("-main-1-") ? [undone] : [] }),
        async (hub) => [await heard(propose(mirror, hub, UNDO, means))],
      );
    }),
  "a branch of an order that somebody else made": () =>
    inRepository(async ({ mirror, means, commit, git }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      git("checkout", "--quiet", "-b", branchOf(PLACE, ORDER));
      commit(FILE, kustomization("2.0.0", "c"));
      git("checkout", "--quiet", "main");
      return withHub(
        () => ({ body: [] }),
        async (hub) => [await heard(propose(mirror, hub, ORDER, means))],
      );
    }),
  "a token that GitHub does not accept": () => hubSays({ status: 401, body: {} }),
  "a token that may open no pull request": () => hubSays({ status: 403, body: { message: "not accessible" } }),
  "a repository that the token may not see": () => hubSays({ status: 404, body: {} }),
  "a token that has asked too often": () => hubSays({ status: 429, headers: { "retry-after": "120" }, body: {} }),
  "GitHub with trouble of its own": () => hubSays({ status: 503, body: {} }),
  "an answer that is not GitHub's": () => hubSays({ body: { message: "Welcome" } }, { body: [] }),
  "a pull request that GitHub does not open": () =>
    withHub(
      ({ method }) => (method === "POST" ? { status: 422, body: { message: "Validation Failed" } } : { body: [] }),
      (hub) => refused(hub.open({ branch: "b", title: "t", body: "" })),
    ),
};
