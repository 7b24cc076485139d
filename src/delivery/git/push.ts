import { type Mirror } from "./mirror.ts";
import { failureOf } from "./said.ts";

/** Somebody else was faster: the branch is not where it was any more. */
const MOVED =
  /non-fast-forward|fetch first|stale info|failed to update ref|cannot lock ref|incorrect old value|reference already exists|is at [0-9a-f]+ but expected/i;

/** Puts a commit on a branch, never by force. `Moved` is for whoever then does it anew on the new head. */
export async function push(mirror: Mirror, commit: string, branch: string): Promise<"Pushed" | "Moved"> {
  const { code, out, said } = await mirror.run([
    "push",
    "--porcelain",
    "--quiet",
    "--no-verify",
    "--no-signed",
    "origin",
    `${commit}:refs/heads/${branch}`,
  ]);
  if (code === 0) return "Pushed";
  const words = `${said}\n${out.toString()}`;
  if (MOVED.test(words)) return "Moved";
  throw failureOf({ url: mirror.place.url, branch }, words);
}
