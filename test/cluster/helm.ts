import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findHelm } from "./binaries.ts";
import { goVersion } from "./gobuild.ts";
import type { Said } from "./kubectl.ts";
import { progressLine } from "./progress.ts";

/** The chart of this tree. */
export const CHART = new URL("../../charts/ashat", import.meta.url).pathname;

/** How long a test may wait for Helm: the first time it is built. */
export const HELM_PATIENCE_MS = 1_800_000;

/** Why there can be no Helm here, if so. */
export const noHelm = async (): Promise<string | undefined> => {
  const go = await goVersion();
  return "version" in go ? undefined : `needs Helm, which is built once by Go >= 1.26: ${go.missing}`;
};

export const helmProgram = (): Promise<string> => findHelm((progress) => console.error(progressLine(progress)));

/** Helm came back with an error; the message has what it said. */
export class HelmFailed extends Error {
  override readonly name = "HelmFailed";
}

export interface Helm {
  readonly run: (args: readonly string[], stdin?: string) => Promise<Said>;
  readonly close: () => Promise<void>;
}

/** The real Helm, with nothing of the user's configuration; without a kubeconfig it knows no cluster. */
export async function openHelm(kubeconfig?: string): Promise<Helm> {
  const program = await helmProgram();
  const home = await mkdtemp(join(tmpdir(), "ashat-helm-"));
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: kubeconfig ?? join(home, "none"),
  };
  const run = (args: readonly string[], stdin = ""): Promise<Said> =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
      child.stdin.on("error", () => {});
      child.stdin.end(stdin);
      child.once("error", reject);
      child.once("close", (code) => {
        const said = { stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") };
        if (code === 0) resolve(said);
        else
          reject(
            new HelmFailed(`helm ${args.join(" ")} ended with ${code}: ${said.stderr.trim() || said.stdout.trim()}`),
          );
      });
    });
  return { run, close: () => rm(home, { recursive: true, force: true }) };
}
