import type { Verb, Tier } from "../src/api/group.ts";
import type { Phase } from "../src/api/states.ts";
import type { ReleaseOptions } from "../examples/raos/release.ts";
import type { Person } from "./scene.ts";
import type { Play } from "./play.ts";
import type { PlaceName } from "./targets.ts";

/** One way an update can go, as data: what there is, who does what, and how it ends. */
export interface Scenario {
  /** What it shows, in a line. */
  readonly shows: string;
  /** What happens, in plain words, before it does. */
  readonly tells?: string;
  readonly places: readonly PlaceName[];
  /** Whether staging and production are checked in all six ways, or in two for the sake of speed. */
  readonly thorough?: boolean;
  /** What is the matter with the release. */
  readonly release?: Pick<ReleaseOptions, "delayMs">;
  /** What a Server or Mainframe says beyond the usual. */
  readonly specs?: Partial<Readonly<Record<PlaceName, object>>>;
  /** Versions a licence covers, where it is not the usual. */
  readonly licences?: Partial<Readonly<Record<PlaceName, string>>>;
  readonly steps: readonly Step[];
  /** Where the new version runs in the end; everywhere else it is the old one. */
  readonly updated: readonly PlaceName[];
}

export type Step =
  | { readonly say: string }
  | { readonly push: "the update" }
  | { readonly until: Goal }
  /** What the status says now, with the command where there is one. */
  | { readonly show: "message" }
  /** Somebody acts on a tier, by the annotation and the token that the status publishes. */
  | { readonly person: Person; readonly verb: Verb; readonly tier: Tier; readonly reason: string }
  | { readonly does: (play: Play) => Promise<void> };

/** What is waited for; an end of another kind is a failure of the demo. */
export interface Goal {
  readonly phase?: Phase;
  /** The only gate that is shut. */
  readonly gate?: string;
  /** A record of this reason has been written. */
  readonly reason?: string;
  /** How many mainframes have passed of how many, as the status says it. */
  readonly mainframes?: string;
  /** Ends that are none here, because it goes on from them by itself. */
  readonly past?: readonly Phase[];
}
