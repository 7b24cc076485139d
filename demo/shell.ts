import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import type { Person, Scene } from "./scene.ts";

export interface Heard {
  readonly code: number | null;
  readonly said: string;
}

/** Runs one line in a shell as one of the people, exactly as it is printed. */
export function shellAs(scene: Scene, person: Person, command: string, stdin = ""): Promise<Heard> {
  const env = {
    ...process.env,
    PATH: [scene.programs, process.env["PATH"] ?? ""].join(delimiter),
    KUBECONFIG: scene.people[person],
    // The home of whoever runs the demo stays as it is.
    KUBECACHEDIR: join(scene.dir, "kubectl-cache"),
  };
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", command], { env, stdio: ["pipe", "pipe", "pipe"] });
    const said: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => said.push(part));
    child.stderr.on("data", (part: Buffer) => said.push(part));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, said: Buffer.concat(said).toString("utf8").trim() }));
  });
}
