import { join } from "node:path";
import { writeKeys } from "../../src/licence/key-files.ts";

/** Where the keys of an installation lie. */
export interface Keys {
  /** The operator signs orders with it. */
  readonly orderKey: string;
  /** Agents know the operator by it. */
  readonly operatorKeys: string;
  /** Whoever sells licences signs them with it. */
  readonly licenceKey: string;
  readonly licenceKeys: string;
}

export async function makeKeys(dir: string): Promise<Keys> {
  const [orders, licences] = await Promise.all([writeKeys(join(dir, "orders")), writeKeys(join(dir, "licences"))]);
  return {
    orderKey: orders.keyFile,
    operatorKeys: orders.jwksFile,
    licenceKey: licences.keyFile,
    licenceKeys: licences.jwksFile,
  };
}
