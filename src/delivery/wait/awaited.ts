/** What has to be healthy before anything is verified. */
export interface Awaited {
  /** The commit that was delivered: its full id. */
  readonly commit: string;
  /** Whether a commit is ours or has ours in its past: somebody else's newer one may be applied instead of ours. */
  readonly contains: (commit: string) => boolean;
  /** When it was pushed, in milliseconds since 1970: nothing that was seen before it counts. */
  readonly deliveredAt: number;
  readonly healthySeconds: number;
}

/**
 * How far it is there. Only `Unhealthy` is a statement about our revision; every other one that lasts is a lack of proof.
 * A `Working` with `since` is healthy, and not for long enough yet.
 */
export type Judgement =
  | { readonly state: "NotThere" | "OldRevision"; readonly message: string }
  /** `untold` where it is known that it is unhealthy, but not any more what of it. */
  | { readonly state: "Unhealthy"; readonly message: string; readonly untold?: true }
  | { readonly state: "Working"; readonly message: string; readonly since?: number }
  | { readonly state: "Healthy"; readonly message: string; readonly since: number };

/** `main@sha1:<id>`, `sha1:<id>`, `main/<id>` and a bare id, as Flux and Argo CD write revisions; undefined for anything else. */
export const commitIn = (revision: string | undefined): string | undefined =>
  /(?:^|[:/])([0-9a-f]{64}|[0-9a-f]{40})$/.exec(revision ?? "")?.[1];

export const isOurs = (awaited: Awaited, revision: string | undefined): boolean => {
  const commit = commitIn(revision);
  return commit !== undefined && (commit === awaited.commit || awaited.contains(commit));
};

export const short = (revision: string | undefined): string => {
  if (revision === undefined) return "no revision";
  const commit = commitIn(revision);
  return commit === undefined ? revision : commit.slice(0, 12);
};

const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");

/** Healthy since then at the latest; counted only from when it was delivered. */
export const settled = (what: string, seenSince: number, awaited: Awaited, now: number): Judgement => {
  const since = Math.max(seenSince, awaited.deliveredAt);
  const left = Math.ceil(awaited.healthySeconds - (now - since) / 1000);
  const said = `${what} is healthy at ${short(awaited.commit)} since ${iso(since)}`;
  if (left <= 0) return { state: "Healthy", since, message: said };
  return { state: "Working", since, message: `${said}, and must be so for ${left} s more` };
};
