import { readdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { GROUP } from "../src/api/group.ts";
import type { Play } from "./play.ts";
import { APP, type Place, VERSION_BEFORE } from "./scene.ts";
import type { PlaceName } from "./targets.ts";
import { showAside, showCommand } from "./shown.ts";

const LAYER = "main";

const find = (places: readonly Place[], name: PlaceName): Place => {
  const place = places.find((one) => one.name === name);
  if (place === undefined) throw new Error(`${name} takes no part in this scenario`);
  return place;
};

/** What somebody with a shell on the machine does in a hurry: the old release is put in front, past the agent. */
export const switchByHand =
  (name: PlaceName) =>
  async ({ screen, scene, say }: Play): Promise<void> => {
    const { root, adminPort, title } = find(scene.places, name);
    const folder = join(root, APP, LAYER);
    const old = (await readdir(join(folder, "releases"))).find((release) => release.endsWith(`-${VERSION_BEFORE}`));
    if (old === undefined) throw new Error(`${title} has not kept ${VERSION_BEFORE}`);
    say(`On the machine of ${title}, past ASHAT:`);
    showCommand(screen, `ln -sfn releases/${old} current && <reload>`, "root");
    await symlink(join("releases", old), join(folder, "by-hand"));
    await rename(join(folder, "by-hand"), join(folder, "current"));
    const { ok } = await fetch(`http://127.0.0.1:${adminPort}/-/reload`, { method: "POST" });
    if (!ok) throw new Error(`${title} did not load the release that was put in front by hand`);
  };

/** Until its Server says so, in its own words. */
export const waitForDrift =
  (name: PlaceName) =>
  ({ screen, scene, run, undisturbed }: Play): Promise<void> =>
    undisturbed(async () => {
      const { namespace } = scene;
      screen.now("its agent is asked again within twenty seconds");
      await run(
        "author",
        `kubectl wait servers.${GROUP}/${name} -n ${namespace} --for=condition=Drifted --timeout=60s`,
      );
      screen.now(undefined);
      // The event stays, and the condition is gone as soon as it is healed.
      const events = `kubectl get events.events.k8s.io -n ${namespace} --field-selector reason=Drifted`;
      const said = await run("admin", `${events} -o jsonpath='{.items[0].note}'`);
      showAside(screen, said, screen.paint.bad);
    });
