import { type LicenceText, readLicence } from "../licence/licence.ts";
import type { VerifyKeys } from "../licence/keys.ts";

/** Reads licences, each text once: its signature costs far more than what is asked of it in every round. */
export type Licences = (text: string | undefined) => Promise<LicenceText>;

/** More than the mainframes anybody has; above it the text read first is read again. */
const KEPT = 16_384;

export function createLicences(keys: VerifyKeys): Licences {
  const read = new Map<string, Promise<LicenceText>>();
  return (text) => {
    const known = read.get(text ?? "");
    if (known !== undefined) return known;
    const reading = readLicence(text, keys);
    read.set(text ?? "", reading);
    const [oldest] = read.keys();
    if (read.size > KEPT && oldest !== undefined) read.delete(oldest);
    return reading;
  };
}
