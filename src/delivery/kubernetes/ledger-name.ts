import { GROUP, LABEL } from "../../api/group.ts";
import { sha256 } from "../../api/hash.ts";

/** Whose memory a ledger is. */
export interface LayerId {
  readonly target: string;
  readonly app: string;
  readonly layer: string;
}

const LONGEST = 253;
const DIGITS = 20;

/** For people the words, for the rest a hash of them: `shop-db` and `main` is not `shop` and `db-main`, and no name is too long for a Secret. */
export const ledgerName = ({ target, app, layer }: LayerId): string => {
  const words = `ashat-${target}-${app}-${layer}`.slice(0, LONGEST - DIGITS - 1).replace(/[-.]+$/, "");
  return `${words}-${sha256(JSON.stringify([target, app, layer])).slice(0, DIGITS)}`;
};

/** What is written on everything that is applied. */
export const inventoryId = (namespace: string, id: LayerId): string => `${namespace}/${ledgerName(id)}`;

/** Names are longer than labels may be. */
const labelOf = (name: string): string =>
  name.length <= 63 ? name : `${name.slice(0, 40)}-${sha256(name).slice(0, 20)}`;

/** The namespace of the server, which is seldom that of the ledger where several servers share a cluster. */
export const OWNER_NAMESPACE = `${GROUP}/server-namespace`;

const serverLabels = (ownerNamespace: string, target: string): Readonly<Record<string, string>> => ({
  [OWNER_NAMESPACE]: ownerNamespace,
  [LABEL.target]: labelOf(target),
});

/** All labels of a ledger: they say what it is of, and are believed only where it says the same. */
export const labelsOf = (
  ownerNamespace: string,
  { target, app, layer }: LayerId,
): Readonly<Record<string, string>> => ({
  ...serverLabels(ownerNamespace, target),
  [`${GROUP}/app`]: app,
  [`${GROUP}/layer`]: layer,
  [LABEL.managedBy]: "ashat",
});

/** Finds all ledgers of one server. */
export const selectorOf = (ownerNamespace: string, target: string): string =>
  Object.entries(serverLabels(ownerNamespace, target))
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
