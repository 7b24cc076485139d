import type { RecordSpec } from "../api/record.ts";

/** Which layers a move delivered, where an update has several: the others ran there already. */
export function layersMoved({ targets = [] }: RecordSpec): string {
  const by = Map.groupBy(
    targets.filter(({ layers }) => layers !== undefined && layers.length > 0),
    ({ layers = [] }) => `${layers.length === 1 ? "layer" : "layers"} ${layers.join(", ")}`,
  );
  return [...by]
    .map(([layers, to]) => (by.size === 1 ? layers : `${layers} to ${to.map(({ name }) => name).join(", ")}`))
    .join("; ");
}
