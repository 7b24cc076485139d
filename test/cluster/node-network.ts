import { randomInt } from "node:crypto";

/** The addresses of one real node: a wire between this machine and the node, and its pods behind it. All private, none routed anywhere. */
export interface NodeNetwork {
  /** This machine, as pods reach it: give it to `startCluster({ address })`, and let servers and agents listen here. */
  readonly host: string;
  readonly node: string;
  readonly pods: string;
}

/** Addresses that hardly anybody has here; two test runs on one machine do not meet. */
export const nodeNetwork = (): NodeNetwork => {
  const first = `10.${randomInt(200, 250)}`;
  const third = 2 * randomInt(0, 127);
  return { host: `${first}.${third}.1`, node: `${first}.${third}.2`, pods: `${first}.${third + 1}.0/24` };
};
