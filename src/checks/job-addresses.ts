import type { CheckInput } from "../api/check-run.ts";
import { addressRules, type AddressRules } from "../dial/address-rules.ts";

const API_SERVER = "the API server of the cluster";

/** What a pod may connect to: as the operator says, and never the API server its own environment names. */
export const jobAddresses = (
  { allow, guarded }: CheckInput["addresses"],
  env: Readonly<Record<string, string | undefined>>,
): AddressRules => {
  const address = env["KUBERNETES_SERVICE_HOST"];
  const own = address === undefined ? [] : [{ address, port: Number(env["KUBERNETES_SERVICE_PORT"] ?? 443) }];
  return addressRules({
    allow,
    guarded: [...guarded, ...own].map((place) => ({ ...place, what: API_SERVER })),
    remedy: (range) => `Correct the address, or whoever runs the operator allows it with --allow-address ${range}.`,
  });
};
