import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Agent } from "undici";
import { notFound } from "../../../src/delivery/git/answers.ts";
import { deliverOnBranch, type Means } from "../../../src/delivery/git/deliver.ts";
import { gitHub, type GitHub } from "../../../src/delivery/git/github.ts";
import { readLedger } from "../../../src/delivery/git/ledger.ts";
import { messageOf } from "../../../src/delivery/git/message.ts";
import { type Mirror, MirrorBroken } from "../../../src/delivery/git/mirror.ts";
import { openMirrors } from "../../../src/delivery/git/mirrors.ts";
import { readFile } from "../../../src/delivery/git/objects.ts";
import { runGit } from "../../../src/delivery/git/process.ts";
import { propose, reportProposed } from "../../../src/delivery/git/propose.ts";
import { filesAt } from "../../../src/delivery/git/tree.ts";
import type { Assigning } from "../../../src/delivery/assignment.ts";
import { addressRules } from "../../../src/dial/address-rules.ts";
import { assignment, kustomization, restoring } from "../../world/git-scene.ts";
import { type Answer, faultyServer, type Seen } from "../kube/faulty-server.ts";
import { PLACE, toldOf } from "./repositories.ts";
import type { Told } from "./told.ts";

/** What is said of commits and pull requests: git itself runs, on a repository of this disk. */

const FILE = "apps/ra/kustomization.yaml";
const never = new AbortController().signal;
const WHO = ["-c", "user.name=dev", "-c", "user.email=dev@example.com"];
const NOW = Date.parse("2030-01-01T00:00:00Z");
const ORDER = { ...assignment(1, "2.0.0", "b"), expiresAt: NOW + 600_000 };
const UNDO = { ...restoring(2, 1, "1.0.0", "a"), expiresAt: NOW + 600_000 };

const told = (answer: Assigning): Told =>
  answer.state === "Answered"
    ? { codes: [answer.report.reason ?? ""], text: answer.report.message }
    : { codes: [answer.state === "Refused" ? answer.reason : answer.state], text: answer.message };
const heard = (work: Promise<Assigning>): Promise<Told> => work.then(told, toldOf);
const refused = (work: Promise<unknown>): Promise<readonly Told[]> =>
  work.then(
    () => [],
    (error: unknown) => [toldOf(error)],
  );

interface Repository {
  readonly mirror: Mirror;
  readonly means: Means;
  readonly git: (...args: readonly string[]) => string;
  readonly head: () => string;
  /** Writes a file and commits all. */
  readonly commit: (file: string, text: string | Buffer, message?: string) => void;
  readonly link: (file: string) => void;
}

/** A repository and a mirror of it, gone afterwards. */
async function inRepository<Result>(work: (repository: Repository) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "ashat-messages-"));
  const origin = join(folder, "origin");
  const git = (...args: readonly string[]): string =>
    execFileSync("git", [...WHO, "-C", origin, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  const dir = join(folder, "mirror");
  execFileSync("git", ["init", "--quiet", "--initial-branch=main", origin]);
  execFileSync("git", ["init", "--quiet", "--bare", dir]);
  execFileSync("git", ["-C", dir, "remote", "add", "origin", origin]);
  const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C", GIT_DIR: dir };
  const run: Mirror["run"] = (args, more = {}) =>
    runGit({ args, cwd: folder, secrets: [], signal: never, deadline: never, ...more, env: { ...env, ...more.env } });
  const remote = { url: PLACE.url, protocol: "https", host: "git.example", port: 443 } as const;
  const session = { folder, env, secrets: [], remote, signingKey: undefined, close: () => Promise.resolve() };
  const mirror: Mirror = { dir, session, place: PLACE, run };
  const add = (message: string): void => {
    git("add", "-A");
    git("commit", "--quiet", "--allow-empty", "-m", message);
  };
  try {
    return await work({
      mirror,
      means: {
        now: () => NOW,
        author: { name: "ASHAT", email: "operator@example.com" },
        ledgerAt: (at, head) => readLedger(at, head, undefined),
        tries: 3,
      },
      git,
      head: () => git("rev-parse", "HEAD"),
      commit: (file, text, message = "by hand") => {
        mkdirSync(dirname(join(origin, file)), { recursive: true });
        writeFileSync(join(origin, file), text);
        add(message);
      },
      link: (file) => {
        mkdirSync(dirname(join(origin, file)), { recursive: true });
        symlinkSync("/etc", join(origin, file));
        add("a link");
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The file as it is on the branch, read as a delivery reads it. */
const read = ({ mirror, git, head }: Repository, path: string): Promise<readonly Told[]> => {
  git("push", "--quiet", mirror.dir, "HEAD:refs/heads/main");
  return refused(readFile(mirror, head(), path));
};

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

const mirrorsSay = async (
  work: () => Promise<never>,
  { resolve = true, folderIs = true } = {},
): Promise<readonly Told[]> => {
  const folder = mkdtempSync(join(tmpdir(), "ashat-messages-"));
  try {
    const addresses = addressRules({
      allow: [],
      remedy: () => "",
      resolve: (_host, _options, done) =>
        resolve ? done(null, [{ address: "203.0.113.7", family: 4 }]) : done(new Error("unknown"), []),
    });
    const mirrors = openMirrors(folder, addresses, 10_000);
    if (!folderIs) {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, "");
    }
    return await refused(mirrors.at(PLACE, never, work));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const COMMITS: Readonly<Record<string, () => Promise<readonly Told[]>>> = {
  "a delivery by commit": () =>
    inRepository(async ({ mirror, means, commit, git }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      git("checkout", "--quiet", "--detach");
      return [told(notFound(PLACE, ORDER.key)), await heard(deliverOnBranch(mirror, ORDER, means))];
    }),
  "a delivery by commit of what stands there": () =>
    inRepository(async ({ mirror, means, commit }) => {
      commit(FILE, kustomization("2.0.0", "b"));
      return [await heard(deliverOnBranch(mirror, ORDER, means)), await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a restore of what somebody took back already": () =>
    inRepository(async ({ mirror, means, commit, git }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      git("checkout", "--quiet", "--detach");
      await deliverOnBranch(mirror, ORDER, means);
      git("checkout", "--quiet", "main");
      commit(FILE, kustomization("1.0.0", "a"));
      return [await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a branch that others push to": () =>
    inRepository(async ({ mirror, means, commit }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      return [await heard(deliverOnBranch(mirror, ORDER, { ...means, tries: 0 }))];
    }),
  "a restore over what somebody changed": () =>
    inRepository(async ({ mirror, means, commit, git }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      git("checkout", "--quiet", "--detach");
      await deliverOnBranch(mirror, ORDER, means);
      git("checkout", "--quiet", "main");
      commit(FILE, kustomization("3.0.0", "c"));
      git("checkout", "--quiet", "--detach");
      return [await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a restore before the first commit": () =>
    inRepository(async ({ mirror, means, commit }) => {
      const words = messageOf(ORDER, { name: PLACE.name, uid: PLACE.uid, folder: "apps/ra" }, []);
      commit(FILE, kustomization("2.0.0", "b"), words);
      return [await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a file that is not there": () =>
    inRepository(async (repository) => {
      repository.commit("README.md", "");
      return read(repository, FILE);
    }),
  "a file that is none": () =>
    inRepository(async (repository) => {
      repository.link("apps/other");
      repository.link(FILE);
      return [...(await read(repository, FILE)), ...(await read(repository, "apps/other/kustomization.yaml"))];
    }),
  "a file of other characters": () =>
    inRepository(async (repository) => {
      repository.commit(FILE, Buffer.from([0xff, 0xfe, 0x41]));
      return read(repository, FILE);
    }),
  "a commit that is not there": () =>
    inRepository(async ({ mirror, commit }) => {
      commit(FILE, "");
      return refused(filesAt(mirror, "d".repeat(40), "apps"));
    }),
  "a folder of too many manifests": () =>
    inRepository(async ({ mirror, commit, head }) => {
      commit("big/large.yaml", "x".repeat(1024 * 1024 + 1));
      for (let at = 0; at < 1001; at += 1) {
        mkdirSync(join(mirror.session.folder, "origin", "apps"), { recursive: true });
        writeFileSync(join(mirror.session.folder, "origin", "apps", `${at}.yaml`), "");
      }
      commit("apps/last.yaml", "");
      return [...(await refused(filesAt(mirror, head(), "apps"))), ...(await refused(filesAt(mirror, head(), "big")))];
    }),
  "a machine without git": () => {
    const env = { PATH: "/nonexistent" };
    return refused(runGit({ args: ["version"], env, cwd: "/", secrets: [], signal: never, deadline: never }));
  },
  "a repository that does not answer": () => {
    const env = { PATH: process.env["PATH"] ?? "" };
    const deadline = AbortSignal.abort();
    return refused(runGit({ args: ["version"], env, cwd: "/", secrets: [], signal: never, deadline }));
  },
  "more than git may say": () =>
    inRepository(async ({ mirror, commit, head, git }) => {
      commit("large.bin", Buffer.alloc(17 * 1024 * 1024));
      git("push", "--quiet", mirror.dir, "HEAD:refs/heads/main");
      return refused(mirror.run(["cat-file", "blob", `${head()}:large.bin`]));
    }),
  "a repository that sends what git cannot use": () =>
    mirrorsSay(() => Promise.reject(new MirrorBroken("fatal: bad object"))),
  "a host of git that nobody knows": () => mirrorsSay(() => Promise.reject(new Error("asked")), { resolve: false }),
  "a folder of mirrors that cannot be used": () =>
    mirrorsSay(() => Promise.reject(new Error("asked")), { folderIs: false }),
  "a pull request that is open": () => reports(() => pull("open")),
  "a pull request that is closed": () => reports(() => pull("closed")),
  "a pull request whose merge is not there yet": () => reports(({ head }) => pull("closed", head().replace(/.$/, "f"))),
  "a pull request that was merged under other words": () =>
    inRepository(async ({ mirror, means, commit, head }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      const [, undone] = [pull("open"), pull("closed", head())];
      return withHub(
        ({ url }) => ({ body: url.searchParams.get("head")?.includes("-main-1-") ? [undone] : [] }),
        async (hub) => [await heard(propose(mirror, hub, UNDO, means))],
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
