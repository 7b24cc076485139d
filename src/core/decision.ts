import type { BlockedBy, DeploymentStatus } from "../api/deployment.ts";
import type { OrderKeyParts } from "../api/order.ts";
import type { RecordSpec } from "../api/record.ts";
import type { AppState } from "../api/target.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";

/** What is to happen next: look closer, do something and decide anew, or rest until something changes. */
export type Decision =
  | { readonly kind: "look"; readonly look: Look }
  | { readonly kind: "act"; readonly effects: readonly Effect[] }
  | {
      readonly kind: "rest";
      readonly status: DeploymentStatus;
      readonly event?: EventDraft;
      readonly warnings?: readonly EventDraft[];
      readonly wakeAt?: number;
    };

export interface Look {
  /** A consistent read of the Deployment, its targets and records; `policies` also proves the gate. */
  readonly live: boolean;
  readonly policies: boolean;
  /** Targets whose agent is asked what it runs, by uid. */
  readonly agents: readonly string[];
  readonly orders: readonly { readonly target: string; readonly key: string }[];
}

export type Effect =
  /** Writes `app` into the status of the target, under the resourceVersion it was read with. */
  | { readonly do: "claim" | "release"; readonly target: Server | Mainframe; readonly app: AppState }
  | { readonly do: "record"; readonly record: RecordSpec }
  | {
      readonly do: "deliver";
      readonly target: Server | Mainframe;
      readonly order: OrderKeyParts;
      readonly expiresAt: number;
    }
  /** Has the agent run again what it kept of this version and digest. */
  | {
      readonly do: "restore";
      readonly target: Server | Mainframe;
      readonly order: OrderKeyParts;
      readonly release: RestoredRelease;
      readonly expiresAt: number;
    }
  | { readonly do: "startJob"; readonly target: Server | Mainframe; readonly attempt: number }
  /** Lets the Job go: its evidence is recorded, or nobody needs it; `remove` where it still runs. */
  | { readonly do: "releaseJob"; readonly name: string; readonly remove: boolean };

/** `digest` as the update uses it, with its algorithm. */
export interface RestoredRelease {
  readonly version: string;
  readonly digest: string;
  /** The sequence under which came what is taken back. */
  readonly undoes: number;
}

/** What may be left to do of an update that is gone: nothing is delivered or verified for it any more. */
export type Leftover = Exclude<Effect, { readonly do: "deliver" | "restore" | "startJob" }>;

export interface EventDraft {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly note: string;
  /** What makes it another one than those before; the tier and the newest record where this is absent. */
  readonly content?: readonly string[];
}

/** What one part of the judgement contributes. */
export interface Part {
  readonly look?: Partial<Pick<Look, "agents" | "orders">>;
  readonly effects?: readonly Effect[];
  readonly blockedBy?: readonly Shut[];
  readonly wakeAt?: number;
}

/** A shut gate before it is known since when. */
export type Shut = Omit<BlockedBy, "since">;
