import { spawn } from "node:child_process";

export interface KubectlOptions {
  /** Ask as this user instead (impersonation: the API server sees this user in every decision). */
  readonly as?: { readonly user: string; readonly groups?: readonly string[] };
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** kubectl came back with an error; `message` has what it said. */
export class KubectlFailed extends Error {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(args: readonly string[], code: number | null, said: Said) {
    super(`kubectl ${args.join(" ")} ended with ${code}: ${said.stderr.trim() || said.stdout.trim()}`);
    this.name = "KubectlFailed";
    this.code = code;
    this.stdout = said.stdout;
    this.stderr = said.stderr;
  }
}

/** Runs the real kubectl. Its discovery cache is kept beside the kubeconfig, never in the home of the user. */
export const runKubectl = (
  program: string,
  kubeconfig: string,
  args: readonly string[],
  { as, stdin, signal }: KubectlOptions = {},
): Promise<Said> => {
  const impersonation = as ? [`--as=${as.user}`, ...(as.groups ?? []).map((group) => `--as-group=${group}`)] : [];
  const all = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${kubeconfig}.cache`, ...impersonation, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(program, all, { stdio: ["pipe", "pipe", "pipe"], ...(signal ? { signal } : {}) });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin ?? "");
    child.once("error", reject);
    child.once("close", (code) => {
      const said = { stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") };
      if (code === 0) resolve(said);
      else reject(new KubectlFailed(args, code, said));
    });
  });
};
