import { stringify } from "yaml";
import type { KubeObject } from "../kube/types.ts";
import type { Face } from "./face.ts";

/** How a machine wants it: objects as they are stored. */
export const OUTPUTS = ["json", "jsonl", "yaml"] as const;
export type Output = (typeof OUTPUTS)[number];

/** One object as itself; with `many` a list, also of one or none. */
export function machine(face: Pick<Face, "print">, objects: readonly KubeObject[], output: Output, many = false): void {
  const [first] = objects;
  const whole =
    !many && objects.length === 1 && first !== undefined ? first : { apiVersion: "v1", kind: "List", items: objects };
  switch (output) {
    case "json":
      return face.print(JSON.stringify(whole, null, 2));
    case "yaml":
      return face.print(stringify(whole).trimEnd());
    case "jsonl":
      for (const object of objects) face.print(JSON.stringify(object));
      return;
    default:
      return output;
  }
}
