import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, rename } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { exists, goVersion } from "../cluster/gobuild.ts";
import { withLock } from "../cluster/lock.ts";

const here = dirname(fileURLToPath(import.meta.url));
const SOURCES = ["go.mod", "go.sum", "main.go", "lua.go", "diff.go"];
const PATCH = join(here, "../../manifests/argocd/argocd-cm-patch.yaml");

export interface Health {
  readonly status: string;
  readonly message?: string;
}

export interface Offered {
  readonly name: string;
  readonly disabled?: boolean;
  readonly displayName?: string;
  readonly iconClass?: string;
  readonly params?: readonly { readonly name: string; readonly default?: string }[];
}

/** What an action makes of an object, and the merge patch that argocd-server would send; or what its script says where it cannot. */
export type Ran =
  | { readonly object: object; readonly patch: object; readonly refused?: undefined }
  | { readonly refused: string; readonly patch?: undefined };

/** Argo CD's own code, with the settings we ship. */
export interface Argo {
  readonly health: (object: object) => Promise<Health>;
  readonly discover: (object: object) => Promise<readonly Offered[]>;
  readonly run: (object: object, action: string, params?: Readonly<Record<string, string>>) => Promise<Ran>;
  /** Whether it would show OutOfSync: by three ways of comparing, or by what a dry run of server-side apply gave. */
  readonly diff: (config: object, object: object, predicted?: string) => Promise<{ readonly outOfSync: boolean }>;
  readonly stop: () => Promise<void>;
}

/** Builds the program once, keeps it in the user's cache, and starts it; it comes from Go only. */
export async function startArgo(): Promise<Argo> {
  const go = await goVersion();
  if ("missing" in go)
    throw new Error(
      `Argo CD's Lua VM cannot be had here: ${go.missing}. Install Go >= 1.26 (https://go.dev/dl) and put it on PATH`,
    );
  const child = spawn(await built(go.version), [PATCH], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  const waiting: PromiseWithResolvers<unknown>[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { answer } = JSON.parse(line) as { readonly answer: { readonly error?: string } };
    if (answer.error === undefined) waiting.shift()?.resolve(answer);
    else waiting.shift()?.reject(new Error(`Argo CD's code says: ${answer.error}`));
  });
  ended.then(
    () => waiting.forEach(({ reject }) => reject(new Error("Argo CD's code has ended"))),
    () => {},
  );
  const ask = <T>(question: object): Promise<T> => {
    const asked = Promise.withResolvers<unknown>();
    waiting.push(asked);
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return asked.promise as Promise<T>;
  };
  return {
    health: (object) => ask({ do: "health", object }),
    discover: (object) => ask({ do: "discover", object }),
    run: (object, action, params = {}) => ask({ do: "run", object, action, params }),
    diff: (config, object, predicted = "") => ask({ do: "diff", config, object, predicted }),
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

async function built(go: string): Promise<string> {
  const hash = createHash("sha256").update(`${go} ${process.platform} ${process.arch}`);
  for (const source of SOURCES) hash.update(await readFile(join(here, source)));
  const cache = process.env["ASHAT_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ashat");
  const folder = join(cache, "argocd", hash.digest("hex").slice(0, 16));
  const program = join(folder, "argo");
  await mkdir(folder, { recursive: true });
  await withLock(join(folder, "lock"), async () => {
    if (await exists(program)) return;
    const unfinished = `${program}.${process.pid}.tmp`;
    const flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", "-s -w"];
    await promisify(execFile)("go", ["build", ...flags, "-o", unfinished, "."], {
      cwd: here,
      env: { ...process.env, CGO_ENABLED: "0" },
      maxBuffer: 64 * 1024 * 1024,
    });
    await rename(unfinished, program);
  });
  return program;
}
