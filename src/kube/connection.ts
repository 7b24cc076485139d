import type { buildConnector } from "undici";

/** How to reach one API server, and as whom. Everything that may expire is a function. */
export type Connection = {
  /** Scheme, host, port and possibly a base path; never credentials. */
  readonly server: string;
  readonly tls: Tls;
  /** Value of the authorization header; `fresh` after the server refused the last one. */
  readonly authorization: (fresh: boolean) => Promise<string | undefined>;
  /** Further headers of every request, for example impersonation. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** The namespace to use where none is named. */
  readonly namespace: string;
  /** Opens the sockets in place of the one that `tls` describes, for whoever judges where one may connect to. */
  readonly connector?: buildConnector.connector;
};

export type Tls = {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Name to expect in the server's certificate when it differs from the host. */
  readonly servername?: string;
  readonly insecure?: boolean;
};
