import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Nobody's own settings, and no prompt: the same on every machine. */
export const GIT_ENV: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
};

export interface RepositoryOptions {
  readonly branch?: string;
  /** What the first commit has. */
  readonly files?: Files;
}

/** Path to content; `null` takes the file away. */
export type Files = Readonly<Record<string, string | null>>;

export interface Commit {
  readonly revision: string;
  /** `Name <address>`. */
  readonly author: string;
  readonly committer: string;
  /** Subject and body, as written. */
  readonly message: string;
  /** Paths it changed. */
  readonly files: readonly string[];
}

/** A bare repository. What is committed here goes past its hooks, as whoever owns the server may. */
export interface GitRepository {
  readonly dir: string;
  readonly branch: string;
  /** One commit on top of the branch, by somebody called dev; gives its id. */
  readonly commit: (files: Files, message?: string, branch?: string) => Promise<string>;
  /** The id a branch is at. */
  readonly head: (branch?: string) => Promise<string>;
  readonly read: (path: string, revision?: string) => Promise<string>;
  /** Newest first. */
  readonly log: (revision?: string) => Promise<readonly Commit[]>;
  /** From now on pushes to this branch are refused in GitHub's words (the last line, `hook declined`, is Git's own). */
  readonly protect: (branch: string) => Promise<void>;
  /** Runs this shell script as one of Git's hooks, e.g. `pre-receive`. */
  readonly hook: (name: string, script: string) => Promise<void>;
  /** Any git command in it; gives what it says. */
  readonly git: (args: readonly string[], stdin?: string) => Promise<string>;
}

/** Runs git, and says what it said where it fails. */
export const runGit = (args: readonly string[], stdin = "", env = GIT_ENV): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile("git", [...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, out, said) =>
      error === null ? resolve(out) : reject(new Error(`git ${args.join(" ")}: ${said.trim()}`, { cause: error })),
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);
  });

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;

const SEPARATOR = "\u001e";
const FIELD = "\u001f";

const commitsIn = (log: string): readonly Commit[] =>
  log
    .split(SEPARATOR)
    .slice(1)
    .map((entry) => {
      const [revision = "", author = "", committer = "", message = "", files = ""] = entry.split(FIELD);
      return {
        revision,
        author,
        committer,
        message: message.trimEnd(),
        files: files.split("\n").filter((line) => line !== ""),
      };
    });

export async function createRepository(
  dir: string,
  { branch: main = "main", files = { "README.md": "# What runs where\n" } }: RepositoryOptions = {},
): Promise<GitRepository> {
  await runGit(["init", "--quiet", "--bare", `--initial-branch=${main}`, dir]);
  const git = (args: readonly string[], stdin?: string): Promise<string> => runGit(["-C", dir, ...args], stdin);
  // As the large forges do: any commit may be asked for by its id, and files may be left out.
  for (const setting of ["uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter", "core.logAllRefUpdates"])
    await git(["config", setting, "true"]);
  const head = async (branch = main): Promise<string> => (await git(["rev-parse", `refs/heads/${branch}`])).trim();
  const hook = (name: string, script: string): Promise<void> =>
    writeFile(join(dir, "hooks", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const repository: GitRepository = {
    dir,
    branch: main,
    git,
    head,
    hook,
    commit: async (changes, message = "Change", branch = main) => {
      const at = await head(branch).catch(() => undefined);
      const lines = Object.entries(changes).map(([path, content]) =>
        content === null ? `D ${JSON.stringify(path)}\n` : `M 100644 inline ${JSON.stringify(path)}\n${data(content)}`,
      );
      const when = `${Math.floor(Date.now() / 1000)} +0000`;
      const commit =
        `commit refs/heads/${branch}\ncommitter dev <dev@example.com> ${when}\n${data(message)}` +
        `${at === undefined ? "" : `from ${at}\n`}${lines.join("")}\n`;
      await git(["fast-import", "--quiet"], commit);
      return head(branch);
    },
    read: (path, revision = main) => git(["show", `${revision}:${path}`]),
    log: async (revision = main) =>
      commitsIn(
        await git([
          "log",
          "--name-only",
          `--format=${SEPARATOR}%H${FIELD}%an <%ae>${FIELD}%cn <%ce>${FIELD}%B${FIELD}`,
          revision,
        ]),
      ),
    protect: (branch) =>
      hook(
        "update",
        `[ "$1" = refs/heads/${branch} ] || exit 0\n` +
          'echo "error: GH006: Protected branch update failed for $1." >&2\n' +
          'echo "error: Changes must be made through a pull request." >&2\nexit 1',
      ),
  };
  await repository.commit(files, "First commit");
  return repository;
}
