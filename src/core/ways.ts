import type { Artifact } from "../api/artifact.ts";
import type { DeploymentSpec } from "../api/deployment.ts";
import { layersOf } from "../api/layer.ts";
import type { Mainframe } from "../api/mainframe.ts";
import type { Server } from "../api/server.ts";
import type { Settings } from "./observed.ts";
import { isServer } from "./tiers.ts";
import { unreachable } from "./unreachable.ts";

/** How a target is delivered to: what a Server names, and an agent where it names nothing. */
export type Way =
  | { readonly by: "agent" }
  | {
      readonly by: "git";
      readonly server: Server;
      readonly git: NonNullable<Server["spec"]["git"]>;
      readonly waitFor: Server["spec"]["waitFor"];
    }
  | {
      readonly by: "kubernetes";
      readonly server: Server;
      readonly kubernetes: NonNullable<Server["spec"]["kubernetes"]>;
    };

export function wayTo(target: Server | Mainframe): Way {
  if (!isServer(target)) return { by: "agent" };
  const { git, kubernetes, waitFor } = target.spec;
  if (git !== undefined) return { by: "git", server: target, git, waitFor };
  return kubernetes === undefined ? { by: "agent" } : { by: "kubernetes", server: target, kubernetes };
}

const SPEAKERS = { agent: "agent", git: "repository", kubernetes: "cluster" } as const;

/** Who says what runs there, for a sentence: its agent, its repository, its cluster. */
export const speakerOf = (target: Server | Mainframe): (typeof SPEAKERS)[Way["by"]] => SPEAKERS[wayTo(target).by];

interface Misfit {
  readonly why: string;
  readonly who: string;
}

/** Why nothing of this kind can be delivered there, and who can change it. */
export function misfit(target: Server | Mainframe, spec: DeploymentSpec): Misfit | undefined {
  const way = wayTo(target);
  if (way.by === "git" && spec.layers !== undefined && !way.git.path.includes("{layer}"))
    return {
      why: `server ${target.metadata.name} is delivered to by git, and its spec.git.path has no {layer}: the layers of this update would write over each other`,
      who: "who administers the namespace: give each layer a folder by {layer} in spec.git.path",
    };
  return layersOf(spec)
    .map(({ artifact }) => misfitOf(target, artifact))
    .find((bad) => bad !== undefined);
}

function misfitOf(target: Server | Mainframe, artifact: Artifact): Misfit | undefined {
  const way = wayTo(target);
  const name = `${target.kind.toLowerCase()} ${target.metadata.name}`;
  const brings = `this update brings ${artifact.archive ? "an archive" : artifact.git ? "a commit" : "an image"}`;
  switch (way.by) {
    case "agent":
      if (artifact.archive !== undefined) return undefined;
      return {
        why: `${name} has an agent, which takes an archive, and ${brings}`,
        who: "the author of the update: push it as an archive",
      };
    case "git":
      if (artifact.image !== undefined || way.git.change !== undefined) return undefined;
      return {
        why: `${name} is delivered to by git, which writes the image of the update where spec.git.change says nothing else, and ${brings}`,
        who: "who administers the namespace: say in spec.git.change what is to be written",
      };
    case "kubernetes":
      if (artifact.image === undefined) return undefined;
      return {
        why: `${name} is delivered to by apply, which takes manifests from an archive or a commit, and ${brings}`,
        who: "the author of the update: push its manifests",
      };
    default:
      return unreachable(way);
  }
}

/** A pull request is merged by a person, who may be on holiday. */
const MERGE_MS = 30 * 24 * 3_600_000;

/** How long a delivery may take there, from its record to the report that it is done. */
export function deliveryMsOf(target: Server | Mainframe, { deliveryMs }: Settings): number {
  const way = wayTo(target);
  switch (way.by) {
    case "agent":
      return deliveryMs;
    case "git":
      return (
        deliveryMs +
        ((way.waitFor?.timeoutSeconds ?? 0) + (way.waitFor?.healthySeconds ?? 0)) * 1000 +
        (way.git.pullRequest === undefined ? 0 : MERGE_MS)
      );
    case "kubernetes":
      return deliveryMs + way.kubernetes.timeoutSeconds * 1000;
    default:
      return unreachable(way);
  }
}

/** How often work under way is looked at: a repository or a cluster takes longer than an agent, and has others to answer. */
export const pollMsOf = (target: Server | Mainframe, { pollMs, slowPollMs }: Settings): number =>
  wayTo(target).by === "agent" ? pollMs : slowPollMs;
