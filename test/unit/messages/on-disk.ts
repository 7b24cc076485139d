import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Assigning } from "../../../src/delivery/assignment.ts";
import type { Means } from "../../../src/delivery/git/deliver.ts";
import { readLedger } from "../../../src/delivery/git/ledger.ts";
import type { Mirror } from "../../../src/delivery/git/mirror.ts";
import { runGit } from "../../../src/delivery/git/process.ts";
import { assignment, restoring, SEAL } from "../../world/git-scene.ts";
import { PLACE, toldOf } from "./repositories.ts";
import type { Told } from "./told.ts";

/** A repository on this disk, in which git itself runs. */

export const FILE = "apps/ra/kustomization.yaml";
const never = new AbortController().signal;
const WHO = ["-c", "user.name=dev", "-c", "user.email=dev@example.com"];
export const NOW = Date.parse("2030-01-01T00:00:00Z");
export const ORDER = { ...assignment(1, "2.0.0", "b"), expiresAt: NOW + 600_000 };
export const UNDO = { ...restoring(2, 1, "1.0.0", "a"), expiresAt: NOW + 600_000 };

const told = (answer: Assigning): Told =>
  answer.state === "Answered"
    ? { codes: [answer.report.reason ?? ""], text: answer.report.message }
    : { codes: [answer.state === "Refused" ? answer.reason : answer.state], text: answer.message };
export const heard = (work: Promise<Assigning>): Promise<Told> => work.then(told, toldOf);
export const refused = (work: Promise<unknown>): Promise<readonly Told[]> =>
  work.then(
    () => [],
    (error: unknown) => [toldOf(error)],
  );

export interface Repository {
  readonly mirror: Mirror;
  readonly means: Means;
  readonly git: (...args: readonly string[]) => string;
  readonly head: () => string;
  /** Writes a file and commits all. */
  readonly commit: (file: string, text: string | Buffer, message?: string) => void;
  readonly link: (file: string) => void;
}

/** A repository and a mirror of it, gone afterwards. */
export async function inRepository<Result>(work: (repository: Repository) => Promise<Result>): Promise<Result> {
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
  const mirror: Mirror = { dir, session, place: PLACE, run, heads: new Map(), tick: () => 1 };
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
        ledgerAt: (at, head) => readLedger(at, head, undefined, SEAL),
        seal: SEAL,
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
