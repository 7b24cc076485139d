/** A request of the operator, in words that are the same in every run: no uid, no hash, no random name. */
export interface Call {
  readonly verb: Verb;
  /** `servers`, `servers/status`. */
  readonly resource: string;
  /** Name of the object as it is in every run; of a list, what it selects by. */
  readonly name: string;
  /** It changes something that somebody may see. */
  readonly writes: boolean;
}
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "try" | "ask";

const METHODS: Readonly<Record<string, Verb>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
/** `/api/v1` or `/apis/<group>/<version>`, a namespace or none, the kind, its name, its part. */
const PATH = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

interface Body {
  readonly metadata?: { readonly name?: string };
  readonly reason?: string;
  readonly regarding?: { readonly name?: string };
}

const bodyOf = (text: string): Body => {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
};

const lasting = (resource: string, name: string, body: Body): string => {
  switch (resource) {
    case "deploymentrecords":
      return name.replace(/-[0-9a-f]{8}-(\d+)$/, "-~-$1");
    case "jobs":
      return name.replace(/[0-9a-f]{20}$/, "~");
    case "events":
      return `${body.regarding?.name ?? ""}.${body.reason ?? ""}`;
    default:
      return name;
  }
};

export function callOf(method: string, url: string, text: string): Call {
  const { pathname, searchParams } = new URL(url, "http://x");
  const [, , plural = "?", named, part] = PATH.exec(pathname) ?? [];
  const resource = part === undefined ? plural : `${plural}/${part}`;
  const selector = (searchParams.get("labelSelector") ?? "").replace(/=.*$/, "").replace(/^.*\//, "");
  const base = { resource, writes: false } as const;
  if (method === "GET") {
    if (searchParams.get("watch") === "true") return { ...base, verb: "watch", name: "" };
    return named === undefined
      ? { ...base, verb: "list", name: selector }
      : { ...base, verb: "get", name: lasting(plural, named, {}) };
  }
  if (searchParams.has("dryRun")) return { ...base, verb: "try", name: "" };
  if (plural.startsWith("self")) return { ...base, verb: "ask", name: "" };
  const body = bodyOf(text);
  const name = lasting(plural, named ?? body.metadata?.name ?? "", body);
  return { verb: METHODS[method] ?? "ask", resource, name, writes: plural !== "leases" };
}

export const keyOf = ({ verb, resource, name }: Call): string => `${verb}:${resource}:${name}`;

/**
 * An operator sees one namespace of a cluster that has many: what it asks of all is asked of that one, and its lease lies there, too. So
 * every run has an operator of its own, and none disturbs another.
 */
const OF_ALL =
  /^(\/apis\/(?:ashat\.raos\.io|batch)\/v[^/]+|\/api\/v1)(\/(?:deployments|servers|mainframes|deploymentrecords|jobs|pods))(?=\?|$)/;
const LEASE = /^(\/apis\/coordination\.k8s\.io\/v1\/namespaces\/)ashat-system(\/leases)/;

export const insideOf = (namespace: string, path: string): string =>
  path.replace(OF_ALL, `$1/namespaces/${namespace}$2`).replace(LEASE, `$1${namespace}$2`);
