import { OPERATOR_NAMESPACE } from "../api/group.ts";
import type { Client } from "../kube/client.ts";
import { alreadyExists } from "../kube/errors.ts";
import { JWKS_FILE, SIGNING_KEY_FILE } from "../licence/key-files.ts";
import { generateKeys, KeyError, parseSigningKey, type SigningKey } from "../licence/keys.ts";
import { type Secret, SECRETS } from "./kinds.ts";

/**
 * The key orders are signed with, from a Secret of the operator's namespace. The first operator of an installation makes it; it is never
 * written over, because agents know the operator by it.
 */
export async function orderKeyOf(client: Client, name: string): Promise<SigningKey> {
  const at = { namespace: OPERATOR_NAMESPACE, name };
  const secret = (await client.find(SECRETS, at)) ?? (await made(client, name)) ?? (await client.get(SECRETS, at));
  const what = `Secret ${OPERATOR_NAMESPACE}/${name}, key ${SIGNING_KEY_FILE},`;
  const text = secret.data?.[SIGNING_KEY_FILE];
  if (text === undefined)
    throw new KeyError(
      `${what} is not there. Put the ${SIGNING_KEY_FILE} and ${JWKS_FILE} of "ashat licence keygen" into it, or name another Secret with --order-key-secret.`,
    );
  return parseSigningKey(Buffer.from(text, "base64").toString("utf8"), what);
}

/** Undefined where another replica was first: its key is the one of this installation. */
async function made(client: Client, name: string): Promise<Secret | undefined> {
  const pair = await generateKeys();
  const data = { [SIGNING_KEY_FILE]: pair.privateJwk, [JWKS_FILE]: pair.jwks };
  try {
    return await client.create<Secret>(SECRETS, {
      metadata: {
        namespace: OPERATOR_NAMESPACE,
        name,
        labels: { "app.kubernetes.io/part-of": "ashat", "app.kubernetes.io/managed-by": "ashat" },
      },
      type: "Opaque",
      immutable: true,
      data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
    });
  } catch (error) {
    if (alreadyExists(error)) return undefined;
    throw error;
  }
}
