import type { Node } from "./said.ts";

/** The account of a team that Flux acts as: it administers its namespace, and what is merged there may approve. */
export const teamAccount = async ({ cluster }: Node, namespace: string): Promise<string> => {
  const create = (...args: readonly string[]) => cluster.kubectl(["create", ...args, "-n", namespace]);
  await create("serviceaccount", "flux");
  const bind = (name: string, role: string) =>
    create("rolebinding", name, `--clusterrole=${role}`, `--serviceaccount=${namespace}:flux`);
  await Promise.all([bind("flux", "admin"), bind("omega-by-commit", "ashat-approver-omega")]);
  return `system:serviceaccount:${namespace}:flux`;
};

/** Flux looks at once when the operator asks it, and it is whoever runs Flux who lets it be asked. */
export const letAsk = async ({ cluster }: Node, namespace: string): Promise<void> => {
  const kinds = ["kustomizations.kustomize.toolkit.fluxcd.io", "gitrepositories.source.toolkit.fluxcd.io"];
  const create = (...args: readonly string[]) => cluster.kubectl(["create", ...args, "-n", namespace]);
  await create("role", "ashat-waits", "--verb=get,patch", `--resource=${kinds.join(",")}`);
  await create("rolebinding", "ashat-waits", "--role=ashat-waits", "--serviceaccount=ashat-system:ashat");
};
