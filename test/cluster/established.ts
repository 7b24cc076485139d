import type { ClusterAccess } from "./access.ts";
import { until } from "./until.ts";

interface Definition {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null };
}

/**
 * Waits until the API server serves the kinds of these files. Not with `kubectl wait`: a definition that was stored a moment ago has
 * `conditions: null`, and kubectl ends on that instead of waiting.
 */
export const untilEstablished = async (cluster: ClusterAccess, files: readonly string[]): Promise<void> => {
  const which = files.map((file) => `--filename=${file}`);
  await until("the kinds are served", async () => {
    // One file gives the object itself, more give a list.
    const { stdout } = await cluster.kubectl(["get", ...which, "--output=json"]);
    const found = JSON.parse(stdout) as Definition | { readonly items: readonly Definition[] };
    const waiting = ("items" in found ? found.items : [found]).filter(
      ({ status }) => !status?.conditions?.some(({ type, status: is }) => type === "Established" && is === "True"),
    );
    if (waiting.length > 0) throw new Error(`not yet: ${waiting.map(({ metadata }) => metadata.name).join(", ")}`);
    return true;
  });
};
