import type { Client } from "./client.ts";

const PATH = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

/** Whom the API server takes this login for; everybody who is logged in may ask. */
export async function whoAmI(client: Client): Promise<string> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const answer = JSON.parse(await client.raw(PATH, { method: "POST", body })) as {
    readonly status?: { readonly userInfo?: { readonly username?: string } };
  };
  return answer.status?.userInfo?.username ?? "";
}
