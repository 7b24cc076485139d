import { type Client, createClient } from "../../kube/client.ts";
import type { AddressRules } from "../../dial/address-rules.ts";
import { ClusterRefused } from "./cluster-refused.ts";
import { connectionIn, type SecretData } from "./cluster-secret.ts";

/** A Secret that says where another cluster is, as it was read. */
export interface ClusterSecret {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly data?: SecretData;
}

export interface Clusters {
  /** The client of the cluster that the Secret names, of this one without it. Throws `ClusterRefused`; an address is judged when it is called. */
  readonly of: (secret: ClusterSecret | undefined) => Client;
  readonly close: () => Promise<void>;
}

const MOST = 64;
/** Whoever names a cluster may have put something else there: it is not to fill the memory of the operator. */
const BOUNDS = { maxBytes: 16 * 1024 * 1024, maxPages: 100 } as const;

/** Clients of other clusters, one for each version of a Secret; that of an older version is closed when a newer one is used. */
export const createClusters = (
  home: Client,
  addresses: AddressRules,
  names: { readonly fieldManager: string; readonly userAgent: string },
): Clusters => {
  const open = new Map<string, { readonly version: string; readonly client: Client }>();
  return {
    of: (secret) => {
      if (secret === undefined) return home;
      const { namespace = "", name, uid, resourceVersion } = secret.metadata;
      const id = `${namespace}/${name}`;
      const version = `${uid} ${resourceVersion}`;
      const known = open.get(id);
      open.delete(id);
      if (known !== undefined && known.version !== version) void known.client.close();
      const client = known?.version === version ? known.client : clientOf(id, secret.data ?? {}, addresses, names);
      open.set(id, { version, client });
      const [oldest] = open;
      if (open.size > MOST && oldest !== undefined) {
        open.delete(oldest[0]);
        void oldest[1].client.close();
      }
      return client;
    },
    close: async () => {
      await Promise.all([...open.values()].map(({ client }) => client.close()));
      open.clear();
    },
  };
};

const clientOf = (
  id: string,
  data: SecretData,
  addresses: AddressRules,
  names: { readonly fieldManager: string; readonly userAgent: string },
): Client => {
  try {
    return createClient(connectionIn(data, addresses), { ...names, bounds: BOUNDS });
  } catch (error) {
    if (!(error instanceof ClusterRefused)) throw error;
    throw new ClusterRefused(error.key, `The key ${error.key} of Secret ${id} cannot be used: ${error.message}.`);
  }
};
