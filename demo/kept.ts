import { type Scene, UPDATE } from "./scene.ts";
import type { Screen } from "./screen.ts";

/** How to go on with what was left running. */
export function showKept({ line, paint }: Screen, { people, programs, namespace, places }: Scene): void {
  line(paint.bold("Everything goes on running. In another shell, or here:"));
  line(`  export KUBECONFIG=${people.admin}`);
  line(`  export PATH=${programs}:$PATH`);
  line(`  kubectl get ashat -n ${namespace}`);
  line(`  kubectl get deployments.ashat.raos.io/${UPDATE} -n ${namespace} -o yaml`);
  line(`  npm run deploy -- history ${UPDATE} --verify -n ${namespace}`);
  line(`The servers answer at ${places.map(({ url }) => url.replace("https://127.0.0.1", "")).join(" ")} of https://127.0.0.1.`);
  line("To end it all: npm run demo -- --stop");
  line();
}
