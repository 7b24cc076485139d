import { posix } from "node:path";
import { OrderFailure } from "./failure.ts";

const MAX_NAME = 1024;
const MAX_PART = 255;
const MAX_DEPTH = 100;

const shown = (name: string): string => JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}...` : name);

export const refused = (name: string, why: string): OrderFailure =>
  new OrderFailure(
    "ArchiveRefused",
    `The archive was refused: entry ${shown(name)} ${why}. Nothing was switched; whoever builds the archive has to leave that out.`,
  );

/** The path of an entry inside the release, or a refusal; "" is the release itself. */
export const entryPath = (name: string): string => {
  if (name === "" || name.length > MAX_NAME) throw refused(name, `has a name of ${name.length} characters`);
  if (name.includes("\0")) throw refused(name, "has a NUL in its name");
  if (name.includes("\\")) throw refused(name, "has a backslash in its name");
  if (name.startsWith("/")) throw refused(name, "has an absolute path");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refused(name, "leaves the folder with ..");
  if (parts.length > MAX_DEPTH) throw refused(name, `lies more than ${MAX_DEPTH} folders deep`);
  if (parts.some((part) => Buffer.byteLength(part) > MAX_PART)) throw refused(name, "has too long a name");
  return parts.join("/");
};

/** The text of a symbolic link, when what it says stays inside; where it really leads is looked at once all is unpacked. */
export const linkText = (name: string, path: string, target: string): string => {
  if (target === "" || target.length > MAX_NAME || target.includes("\0") || target.includes("\\"))
    throw refused(name, "is a link without a proper target");
  if (target.startsWith("/")) throw refused(name, `is a link to the absolute path ${shown(target)}`);
  const joined = posix.normalize(posix.join(posix.dirname(path), target));
  if (joined === ".." || joined.startsWith("../"))
    throw refused(name, `is a link that leaves the folder (${shown(target)})`);
  return target;
};
