import type { OrderReport } from "../api/order.ts";
import type { TargetReport } from "../api/report.ts";
import type { Deployment } from "../api/deployment.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { RecordSource, RecordSpec } from "../api/record.ts";
import type { Server } from "../api/server.ts";
import type { Tier } from "../api/group.ts";
import type { State } from "../api/states.ts";

/** Everything the judgement may look at. What was not looked at yet is said so, never guessed. */
export interface Observed {
  /** True when the Deployment, its targets and its records were read consistently just now, not from a cache. */
  readonly live: boolean;
  /** True when the policies were read after that: an approval was stamped under them, or under others and names another token. */
  readonly proven: boolean;
  readonly deployment: Deployment;
  /** Where a sync tool has it from; absent where none applied it, or it was not asked. */
  readonly source?: RecordSource;
  /** The chain of this update, in order. */
  readonly records: readonly RecordSpec[];
  /** Records of other updates that carry the same artifact or had the same name. */
  readonly others: readonly RecordSpec[];
  readonly targets: readonly SeenTarget[];
  /** Updates of the same app in the same namespace that have not ended. */
  readonly rivals: readonly Rival[];
  /** Verification Jobs of this update. */
  readonly jobs: readonly SeenJob[];
  readonly policies: SeenPolicies;
  readonly settings: Settings;
}

export interface Settings {
  /** Verification attempts without proof before a person is asked. */
  readonly attempts: number;
  /** How long a delivery may take, from its record to the agent's report. */
  readonly deliveryMs: number;
  /** How long a mainframe's agent may take to report good health. */
  readonly healthMs: number;
  /** How long a pod may fail to start, e.g. for want of its image. */
  readonly startMs: number;
  /** How often work under way is looked at, and how often what did not answer is asked again. */
  readonly pollMs: number;
  /** The same of repositories and clusters. */
  readonly slowPollMs: number;
  readonly retryMs: number;
  /** How long mainframes that do not answer keep their OMEGA from being rolled back. */
  readonly holdBackMs: number;
  /** How long a target is left alone after it was restored without anybody asking. */
  readonly restoreEveryMs: number;
}

export const SETTINGS: Settings = {
  attempts: 3,
  deliveryMs: 300_000,
  healthMs: 60_000,
  startMs: 60_000,
  pollMs: 500,
  slowPollMs: 3_000,
  retryMs: 10_000,
  holdBackMs: 600_000,
  restoreEveryMs: 3_600_000,
};

/** How far another update of the same app is. */
export interface Rival {
  readonly name: string;
  readonly uid: string;
  readonly version: string;
  readonly tier: Tier;
  readonly begun: boolean;
  /** It has passed a tier. */
  readonly verified: boolean;
  /** A person has to decide about it. */
  readonly held: boolean;
  /** Its artifact was taken back before. */
  readonly quarantined: boolean;
}

export interface SeenTarget {
  readonly target: Server | Mainframe;
  readonly agent: SeenAgent;
  /** Orders asked about in this round, by key. */
  readonly orders: Readonly<Record<string, SeenOrder>>;
  /** Only of a Mainframe; checked offline against the update's version. */
  readonly licence?: SeenLicence;
  /** Where another update has claimed this target: how far that one is here. */
  readonly holder?: State;
}

export type SeenAgent =
  | { readonly state: "NotAsked" }
  | { readonly state: "Answered"; readonly status: TargetReport }
  | { readonly state: "NotAnswered"; readonly reason: string; readonly message: string };

export type SeenOrder =
  | { readonly state: "NotFound" }
  | { readonly state: "Reported"; readonly report: OrderReport }
  | { readonly state: "Refused"; readonly reason: string; readonly message: string }
  | { readonly state: "NotAnswered"; readonly reason: string; readonly message: string };

export type SeenLicence =
  | { readonly valid: true; readonly holder: string }
  | { readonly valid: false; readonly reason: string; readonly message: string };

export type SeenPolicies =
  | {
      readonly state: "InForce";
      /** Names exactly what is in force: policies and bindings by uid and generation. */
      readonly identity: unknown;
      /** Who writes the stamps; where the client does, nobody knows the author. */
      readonly stamps: "ApiServer" | "Client";
    }
  | { readonly state: "NotAsked" }
  | { readonly state: "NotInForce"; readonly reason: string; readonly message: string };

export interface SeenJob {
  readonly name: string;
  readonly targetUid: string;
  readonly attempt: number;
  /** Our finalizer is on it: its evidence is not recorded yet. */
  readonly held: boolean;
  readonly deleting: boolean;
  /** It has the name of ours and was not made by the operator: nothing it says counts. */
  readonly foreign?: true;
  readonly finished?: "Complete" | "Failed";
  /** Reason of a failed Job, e.g. DeadlineExceeded. */
  readonly reason?: string;
  readonly pods: readonly SeenPod[];
}

export interface SeenPod {
  readonly index: number;
  readonly phase: string;
  readonly createdAt: string;
  /** Why its container does not start, e.g. ErrImagePull. */
  readonly waiting?: string;
  /** Why the pod as a whole failed, e.g. Evicted. */
  readonly reason?: string;
  readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly message: string };
}
