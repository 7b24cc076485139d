import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClusterAccess } from "./access.ts";
import { untilEstablished } from "./established.ts";
import { goVersion } from "./gobuild.ts";

/** The definitions of kinds of others, from the very modules of their controllers, which do not run: whoever tests against them writes their status. */
const MODULES = {
  kustomize: {
    module: "github.com/fluxcd/kustomize-controller@v1.7.3",
    sum: "h1:SzNnGn/4ObAPEHHleM5U7y/AKxKXph3Vj6ZhteeXw8M=",
    path: "config/crd/bases",
  },
  source: {
    module: "github.com/fluxcd/source-controller@v1.8.0",
    sum: "h1:h549HUCBEG4jGs3uFYfb2+/XhJjcz+pvB8VG4mdSYDw=",
    path: "config/crd/bases",
  },
  helm: {
    module: "github.com/fluxcd/helm-controller@v1.4.3",
    sum: "h1:449LcGJXLCylvrNCq8ycevwa5mxE1Mn9vxTwlsj/no8=",
    path: "config/crd/bases",
  },
  argocd: {
    module: "github.com/argoproj/argo-cd/v3@v3.1.8",
    sum: "h1:NkLPiRI5qGkV+q1EN3O7/0Wb9O/MVl62vadKteZqMUw=",
    path: "manifests/crds/application-crd.yaml",
  },
} as const;

const download = async (name: keyof typeof MODULES): Promise<string> => {
  const { module, sum, path } = MODULES[name];
  const { stdout } = await promisify(execFile)("go", ["mod", "download", "-json", module], { cwd: tmpdir() });
  const found = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string };
  if (found.Sum !== sum)
    throw new Error(`${module} has the sum ${found.Sum}, but ${sum} is pinned: somebody changed one of them`);
  return join(found.Dir, path);
};

export const installKinds = async (
  cluster: ClusterAccess,
  ...names: readonly (keyof typeof MODULES)[]
): Promise<void> => {
  const go = await goVersion();
  if (!("version" in go))
    throw new Error(`kinds of others cannot be had here: ${go.missing}. Install Go >= 1.26 (https://go.dev/dl)`);
  const files: string[] = [];
  for (const name of names) files.push(await download(name));
  await cluster.kubectl(["apply", "--server-side", ...files.map((file) => `--filename=${file}`)]);
  await untilEstablished(cluster, files);
};
