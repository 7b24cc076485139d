/** Writes everything that is generated: `npm run generate`. CI runs it and refuses a difference. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { stringify } from "yaml";
import { crd, KINDS } from "../src/api/crds.ts";
import { POLICIES, POLICIES_BEFORE_1_36 } from "../src/api/policies.ts";
import { NAMESPACE_OBJECTS, RBAC_OBJECTS } from "../src/api/rbac.ts";
import { argocdPatch } from "./argocd.ts";
import { writeChart } from "./chart/chart.ts";
import { kustomization } from "./chart/kustomization.ts";
import { statesPage } from "./states.ts";

const at = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const yaml = (value: unknown): string => stringify(value, { lineWidth: 120, aliasDuplicateObjects: false });
const documents = (comment: string, objects: readonly unknown[]): string =>
  `# ${comment}\n${objects.map(yaml).join("---\n")}`;

mkdirSync(at("crds"), { recursive: true });
for (const words of KINDS) writeFileSync(at(`crds/${words.plural}.yaml`), yaml(crd(words)));

mkdirSync(at("manifests"), { recursive: true });
const manifests = {
  namespace: documents("The operator's namespace and account.", NAMESPACE_OBJECTS),
  rbac: documents("What the operator may, and the roles to give to people.", RBAC_OBJECTS),
  policies: documents("Who may act on an update, and who did: Kubernetes 1.36 and later.", POLICIES),
  "policies-before-1.36": documents(
    "Who may act on an update: Kubernetes before 1.36, where the request carries its stamp.",
    POLICIES_BEFORE_1_36,
  ),
};
for (const [name, text] of Object.entries(manifests)) writeFileSync(at(`manifests/${name}.yaml`), text);
for (const [path, text] of Object.entries(kustomization(documents))) {
  mkdirSync(dirname(at(`manifests/${path}`)), { recursive: true });
  writeFileSync(at(`manifests/${path}`), text);
}
writeFileSync(at("manifests/argocd/argocd-cm-patch.yaml"), argocdPatch(at("manifests/argocd/resource_customizations")));
writeChart(at("charts/ashat"), documents);

mkdirSync(at("docs"), { recursive: true });
writeFileSync(at("docs/states.md"), statesPage());
