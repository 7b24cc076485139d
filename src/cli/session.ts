import type { Client } from "../kube/client.ts";
import type { Screen } from "./face.ts";
import type { Say } from "./next.ts";

/** Everything a command works with: the cluster as this user, and the screen. */
export interface Session {
  readonly client: Client;
  readonly namespace: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A command of ours, whole. */
  readonly deploy: Say;
}
