import { CHECKOUT, fromCheckout, kubeconfigOf, pathWith } from "./pasted.ts";
import { NEXT, type Person, type Scene, UPDATE } from "./scene.ts";
import type { Screen } from "./screen.ts";
import { showCommand } from "./shown.ts";

const OTHERS = [
  ["author", "who brings updates"],
  ["ann", "who approves OMEGA"],
  ["bob", "who approves OMEGA, too"],
] as const satisfies readonly (readonly [Person, string])[];

/** How to go on with what was left running. */
export function showKept(screen: Screen, scene: Scene): void {
  const { line, paint } = screen;
  const { namespace, places, next } = scene;
  const run = (command: string): void => showCommand(screen, command);
  const omega = places.find(({ tier }) => tier === "OMEGA");
  line(paint.bold("Everything goes on running. Look at it with:"));
  run(`cd '${CHECKOUT}'`);
  run("alias deploy='npm run -s deploy --'");
  run(`export ${kubeconfigOf(scene, "admin")}`);
  run(`export ${pathWith(scene)}`);
  run(`kubectl get adep,asrv,mf -n ${namespace}`);
  run(`npm run -s deploy -- history ${UPDATE} --verify -n ${namespace}`);
  if (omega !== undefined) run(`curl -sk ${omega.url}/api/greeting`);
  line(paint.bold("Bring the next update, as its author:"));
  run(
    `${kubeconfigOf(scene, "author")} npm run -s deploy -- push ${NEXT.update} '${NEXT.description}' --archive ${next.url} --archive-ca "${fromCheckout(next.caFile)}"`,
  );
  line(paint.bold("Be somebody else:"));
  for (const [person, does] of OTHERS) {
    line(paint.dim(`  ${person}, ${does}:`));
    run(`export ${kubeconfigOf(scene, person)}`);
  }
  line("To end it all: npm run demo -- --stop");
  line();
}
