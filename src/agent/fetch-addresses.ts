import { addressRules, type AddressRules } from "../dial/address-rules.ts";

/** Where an agent fetches from: an order names the URL, and nobody who can make one may have the agent ask its own machine. */
export const fetchAddresses = (
  allow: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): AddressRules => {
  const address = env["KUBERNETES_SERVICE_HOST"];
  const port = Number(env["KUBERNETES_SERVICE_PORT"] ?? 443);
  return addressRules({
    allow,
    guarded: address === undefined ? [] : [{ address, port, what: "the API server of the cluster this agent runs in" }],
    remedy: (range) =>
      `Publish the archive elsewhere, or whoever runs this agent allows it in its configuration: fetch: {allowAddresses: ["${range}"]}.`,
  });
};
