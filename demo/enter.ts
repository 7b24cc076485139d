import { once } from "node:events";
import type { Person, Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

/** Waits for Enter, and says how to run what stands above in another shell instead. */
export async function pressEnter(
  screen: Screen,
  scene: Scene,
  person: Person,
  how: { readonly first: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { paint, line } = screen;
  line(`            ${paint.wait(`Press Enter to run it as ${person}, or run it yourself in another shell with`)}`);
  line(`              export KUBECONFIG=${scene.people[person]}`);
  if (how.first) line(`              export PATH=${scene.programs}:$PATH`);
  screen.now(`waiting for ${person}`);
  process.stdin.resume();
  await once(process.stdin, "data", { signal: how.signal });
  process.stdin.pause();
  screen.entered();
}
