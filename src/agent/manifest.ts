import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { ReleaseManifest, type OrderClaims } from "../api/order.ts";
import { problems } from "../api/problems.ts";
import { OrderFailure } from "./failure.ts";

const FILE = "ashat.json";
const MAX_BYTES = 64 * 1024;

/** JSON where every member of an object is there once: of two, each reader might believe another. */
const parseOnce = (text: string): unknown => {
  const value: unknown = JSON.parse(text);
  const { errors } = parseDocument(text, { schema: "json", uniqueKeys: true });
  const [first] = errors;
  if (first !== undefined) throw first;
  return value;
};

const mismatch = (message: string): OrderFailure =>
  new OrderFailure(
    "ManifestMismatch",
    `${message} Nothing was switched; publish an archive whose ${FILE} says what the update says.`,
  );

/** A leading `v` says nothing. */
export const plain = (version: string): string => version.replace(/^v/, "");

/** Reads `ashat.json` of an unpacked release and proves that it is the release which was ordered. */
export const readManifest = async (
  folder: string,
  order: Pick<OrderClaims, "app" | "layer" | "version">,
): Promise<ReleaseManifest> => {
  const path = join(folder, FILE);
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isFile() !== true) throw mismatch(`The archive has no file ${FILE} at its root.`);
  if (stat.size > MAX_BYTES) throw mismatch(`${FILE} is larger than ${MAX_BYTES} bytes.`);
  let value: unknown;
  try {
    value = parseOnce(await readFile(path, "utf8"));
  } catch {
    throw mismatch(`${FILE} is not JSON in which every member is there once.`);
  }
  const parsed = ReleaseManifest.safeParse(value);
  if (!parsed.success) throw mismatch(`${FILE} is not well formed: ${problems(parsed.error)}`);
  const manifest = parsed.data;
  for (const what of ["app", "layer"] as const) {
    if (manifest[what] !== order[what])
      throw mismatch(`${FILE} is of ${what} ${manifest[what]}, but ${order[what]} was ordered.`);
  }
  if (plain(manifest.version) !== plain(order.version))
    throw mismatch(`${FILE} is of version ${manifest.version}, but ${order.version} was ordered.`);
  return manifest;
};

export const moduleNames = ({ modules }: ReleaseManifest): readonly string[] => modules.map(({ name }) => name);
