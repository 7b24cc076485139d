import { posix } from "node:path";
import { GitRefusal } from "../refusal.ts";

/** The folder of a target for one app and layer: `.` is the whole repository. */
export const folderOf = (path: string, app: string, layer: string): string =>
  posix.normalize(path.replaceAll("{app}", app).replaceAll("{layer}", layer)).replace(/(.)\/$/, "$1");

/** The path of a file in the repository, which is never outside the folder, nor anything of Git itself. */
export function inside(folder: string, file: string): string {
  const path = posix.normalize(posix.join(folder, file));
  const segments = [...path.split("/"), ...folder.split("/")];
  const odd =
    posix.isAbsolute(folder) ||
    posix.isAbsolute(file) ||
    /[\0\\\n]/.test(path) ||
    segments.some((segment) => segment === ".." || segment === "" || segment.toLowerCase() === ".git");
  if (!odd && path !== "." && (folder === "." || path.startsWith(`${folder}/`))) return path;
  throw new GitRefusal(
    "OutsidePath",
    `${file} is not inside ${folder}, and nothing is written outside the path of the Server. Correct git.path or the file of the change.`,
  );
}
