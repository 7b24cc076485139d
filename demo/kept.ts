import { type Scene, UPDATE } from "./scene.ts";
import type { Screen } from "./screen.ts";

/** How to go on with what was left running. */
export function showKept({ line, paint }: Screen, { people, programs, namespace, places }: Scene): void {
  const omega = places.find(({ tier }) => tier === "OMEGA");
  line(paint.bold("Everything goes on running. Look at it with:"));
  line(`  export KUBECONFIG=${people.admin}`);
  line(`  export PATH=${programs}:$PATH`);
  line(`  kubectl get adep,asrv,mf -n ${namespace}`);
  line(`  npm run -s deploy -- history ${UPDATE} --verify -n ${namespace}`);
  if (omega !== undefined) line(`  curl -sk ${omega.url}/api/greeting`);
  line("To end it all: npm run demo -- --stop");
  line();
}
