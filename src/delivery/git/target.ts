import type { GitTarget } from "../../api/git-target.ts";
import type { GitCredentials } from "./credentials.ts";

/** A repository, a branch and a folder in it that somebody applies; its credentials as data. */
export interface GitPlace {
  /** `<namespace>/<name>` of the Server. */
  readonly name: string;
  readonly uid: string;
  readonly url: string;
  readonly branch: string;
  /** With {app} and {layer} still in it. */
  readonly path: string;
  readonly change?: GitTarget["change"];
  readonly pullRequest?: GitTarget["pullRequest"];
  readonly credentials: GitCredentials;
}
