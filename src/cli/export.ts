import { API_VERSION } from "../api/group.ts";
import { RecordSpec } from "../api/record.ts";
import type { RawRecord } from "./records.ts";

/** One record per line, as it is stored: what verifies here verifies there. */
export const exported = ({ namespace, name, spec }: RawRecord): string =>
  JSON.stringify({ apiVersion: API_VERSION, kind: "DeploymentRecord", metadata: { namespace, name }, spec });

export type Imported = { readonly records: readonly RawRecord[]; readonly problems: readonly string[] };

/** Reads what `exported` wrote. A line that is no record is a problem and never passed over. */
export function imported(text: string): Imported {
  const lines = text.split("\n").map((line, index) => ({ line: line.trim(), at: index + 1 }));
  const read = lines.filter(({ line }) => line !== "").map(({ line, at }) => recordIn(line, at));
  return {
    records: read.flatMap((one) => (typeof one === "string" ? [] : [one])),
    problems: read.flatMap((one) => (typeof one === "string" ? [one] : [])),
  };
}

function recordIn(line: string, at: number): RawRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `line ${at} is not JSON`;
  }
  const { metadata, spec } = (typeof value === "object" && value !== null ? value : {}) as {
    metadata?: { namespace?: unknown; name?: unknown };
    spec?: unknown;
  };
  const { namespace, name } = metadata ?? {};
  const shape = RecordSpec.safeParse(spec);
  if (typeof namespace !== "string" || typeof name !== "string" || !shape.success) {
    const where = shape.success ? "metadata" : `spec.${shape.error.issues[0]?.path.join(".") ?? ""}`;
    return `line ${at} is not a DeploymentRecord: look at ${where}`;
  }
  // Checked for its shape and then taken as it is, because the hash is of exactly this.
  return { namespace, name, spec: spec as RecordSpec };
}
