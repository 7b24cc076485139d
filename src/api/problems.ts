import type { z } from "zod";

const SHOWN = 5;

/** What a schema has against a value, as one sentence: `exp: expected number; sha256: must be ...`. The value is never quoted. */
export const problems = ({ issues }: z.ZodError): string => {
  const words = issues
    .slice(0, SHOWN)
    .map(
      ({ path, message }) =>
        `${path.length === 0 ? "" : `${path.map(String).join(".")}: `}${message.replace(/^Invalid input: /, "")}`,
    );
  return `${words.join("; ")}${issues.length > SHOWN ? `; and ${issues.length - SHOWN} more` : ""}.`;
};
