/** What the stage hands to whoever plays on it: plain data, so that it also fits into a file and a message. */
export interface Scene {
  /** Everything of this run: kubeconfigs, keys, certificates, logs. */
  readonly dir: string;
  readonly namespace: string;
  /** The folder with the kubectl of this control plane. */
  readonly programs: string;
  readonly kubernetes: string;
  readonly people: Readonly<Record<Person, string>>;
  readonly places: readonly Place[];
  /** The update of this scenario, as its author applies it. */
  readonly update: object;
  /** Everything a cluster administrator applies before: what lies in Git, except for the updates. */
  readonly foundation: readonly object[];
  /** The CA of every server. */
  readonly caPem: string;
  readonly release: { readonly version: string; readonly url: string; readonly sha256: string };
  /** An archive that nobody has pushed yet, for whoever goes on by hand, and the CA of its host. */
  readonly next: { readonly url: string; readonly caFile: string };
  /** What every server answered before the update, by name. */
  readonly before: Readonly<Record<string, Answer>>;
}

/** Who appears; the value is the kubeconfig. The platform team administers the cluster, everybody else has a role in the namespace. */
export const PEOPLE = ["admin", "author", "ann", "bob"] as const;
export type Person = (typeof PEOPLE)[number] | "platform";

/** One place updates are delivered to. */
export interface Place {
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  readonly tier: "ALPHA" | "Public" | "OMEGA" | "mainframe";
  readonly url: string;
  /** The folder its agent looks after, on this machine as the server itself is. */
  readonly root: string;
  /** Where whoever sits on the machine tells the server to load what `current` names. */
  readonly adminPort: number;
}

export interface Answer {
  readonly version: string;
  readonly greeting: string;
}

export const APP = "default";
export const UPDATE = "security-patch-001";
export const DESCRIPTION = "Critical security fixes";
export const VERSION_BEFORE = "9.4.1";
export const VERSION = "9.4.2";
export const NEXT = { update: "security-patch-002", description: "More security fixes", version: "9.4.3" } as const;
