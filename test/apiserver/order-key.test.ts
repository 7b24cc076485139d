import { afterAll, beforeAll, expect, test } from "vitest";
import { OPERATOR_NAMESPACE } from "../../src/api/group.ts";
import { orderKeyOf } from "../../src/controllers/order-key.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import { fromKubeconfig } from "../../src/kube/kubeconfig.ts";
import { sharedCluster } from "../cluster/shared.ts";

const cluster = sharedCluster();
const NAME = "ashat-order-key-of-a-test";
let operator: Client;

beforeAll(async () => {
  const connection = await fromKubeconfig(await cluster.kubeconfigForServiceAccount(OPERATOR_NAMESPACE, "ashat"));
  operator = createClient(connection, { fieldManager: "ashat-operator", userAgent: "ashat-operator" });
});
afterAll(async () => {
  await cluster.kubectl(["delete", "secret", NAME, "-n", OPERATOR_NAMESPACE, "--ignore-not-found"]);
  await operator.close();
});

test("of two operators that begin an installation one makes the order key, with the rights of its account, and both have the same", async () => {
  const [one, other] = await Promise.all([orderKeyOf(operator, NAME), orderKeyOf(operator, NAME)]);
  expect(one.kid).toBe(other.kid);
  expect((await orderKeyOf(operator, NAME)).kid).toBe(one.kid);
  const { stdout } = await cluster.kubectl(["get", "secret", NAME, "-n", OPERATOR_NAMESPACE, "-o", "json"]);
  const secret = JSON.parse(stdout) as { readonly immutable: boolean; readonly data: Readonly<Record<string, string>> };
  expect(secret.immutable).toBe(true);
  expect(Object.keys(secret.data).sort()).toEqual(["jwks.json", "signing-key.json"]);
});
