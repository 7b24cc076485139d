import { createHmac } from "node:crypto";

const FEWEST_BYTES = 24;

/**
 * Secrets as the Standard Webhooks specification writes them (`whsec_` and base64), one per line: while a receiver changes over
 * from one to the next, requests are signed with both. An error never says what was read.
 */
export function readWebhookSecrets(text: string): readonly Uint8Array[] {
  const lines = text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
  if (lines.length === 0) throw new Error("there is no secret in it");
  return lines.map((line, index) => {
    const base64 = line.replace(/^whsec_/, "");
    const bytes = Buffer.from(base64, "base64");
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || bytes.length < FEWEST_BYTES)
      throw new Error(`line ${index + 1} is not whsec_ and at least ${FEWEST_BYTES} random bytes in base64`);
    return bytes;
  });
}

/** The headers by which a receiver knows who sends, and that nothing was changed; they are of one attempt. */
export function webhookHeaders(
  { id, body }: { readonly id: string; readonly body: string },
  secrets: readonly Uint8Array[],
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`,
  );
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
