import { once } from "node:events";
import { CHECKOUT, kubeconfigOf, pathWith } from "./pasted.ts";
import type { Person, Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";
import { showAside } from "./shown.ts";

/** Waits for Enter, and says how to run what stands above in another shell instead. */
export async function pressEnter(
  screen: Screen,
  scene: Scene,
  person: Person,
  how: { readonly first: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { paint, line } = screen;
  showAside(screen, `Press Enter to run it as ${person}, or run it yourself in another shell with`, paint.wait);
  if (how.first) line(`  cd '${CHECKOUT}'`);
  line(`  export ${kubeconfigOf(scene, person)}`);
  if (how.first) line(`  export ${pathWith(scene)}`);
  screen.now(`waiting for ${person}`);
  process.stdin.resume();
  await once(process.stdin, "data", { signal: how.signal });
  process.stdin.pause();
  screen.entered();
}
