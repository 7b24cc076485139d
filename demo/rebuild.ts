import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { update } from "../test/world/manifests.ts";
import type { Play } from "./play.ts";
import { type Place, type Scene, UPDATE } from "./scene.ts";
import { showAside } from "./shown.ts";
import { table, wrap } from "./wrap.ts";

const PAST = 50;
const LABEL = { era: "past" };

/** Wipes the namespace, applies it again from Git, and shows that no server got anything and that the export still proves everything. */
export async function rebuild(play: Play): Promise<void> {
  const { screen, scene, say, run } = play;
  const { namespace } = scene;
  const file = relative(process.cwd(), join(scene.dir, "chain.jsonl"));
  const before = await ordersTaken(scene.places);
  say("The chain is exported, as a nightly job would do it:");
  await run("author", `npm run -s deploy -- history -n ${namespace} -o jsonl > ${file}`);

  say("The namespace is lost, with every update, record, server and status in it:");
  await play.startOver();
  screen.now("the namespace goes away");
  tell(play, await run("platform", `kubectl delete namespace ${namespace}`));

  say(`Git has it all: the servers, and every update there ever was, ${PAST} old ones and the last.`);
  await run("platform", "kubectl apply -f -", list(scene.foundation));
  await run("platform", "kubectl apply -f -", list([...past(scene), scene.update]));
  await play.until({ phase: "Completed" });
  const waited = await run(
    "author",
    `kubectl wait adep -l era=past -n ${namespace} --for=jsonpath='{.status.phase}'=Superseded --timeout=60s`,
  );
  say(
    `${UPDATE} was found running everywhere and verified, without a delivery and without an approval; of the old ones ${waited.split("\n").length} are Superseded.`,
  );
  showOrders(play, before, await ordersTaken(scene.places));

  say("The exported chain proves itself, without the cluster it was in:");
  const said = await run("author", `npm run -s deploy -- history ${UPDATE} --verify --file ${file}`);
  for (const line of said.split("\n").filter((one) => /proven/i.test(one)))
    for (const part of wrap(line, screen.width, "  ")) screen.line(screen.paint.good(part));
}

const tell = ({ screen }: Play, said: string): void => showAside(screen, said, screen.paint.dim);

const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

/** Updates of long ago; nobody will fetch what they name. */
const past = ({ namespace }: Scene): readonly object[] =>
  Array.from({ length: PAST }, (_, index) => {
    const version = `9.3.${index}`;
    const sha256 = createHash("sha256").update(version).digest("hex");
    const name = `update-${version.replaceAll(".", "-")}`;
    const old = update(namespace, name, { version, url: `https://archives.example/raos-${version}.tgz`, sha256 });
    return { ...old, metadata: { namespace, name, labels: LABEL } };
  });

/** Every order an agent has taken is one file of its journal. */
const ordersTaken = async (places: readonly Place[]): Promise<ReadonlyMap<string, number>> =>
  new Map(
    await Promise.all(
      places.map(async ({ name, root }) => [name, (await readdir(join(root, ".ashat", "orders"))).length] as const),
    ),
  );

function showOrders(
  { screen, scene }: Play,
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): void {
  const rows = scene.places.map(({ name, title }) => [title, String(before.get(name)), String(now.get(name))]);
  screen.line();
  for (const line of table([["SERVER", "ORDERS TAKEN BEFORE", "AND NOW"], ...rows])) screen.line(`  ${line}`);
  screen.line();
  const more = scene.places.filter(({ name }) => now.get(name) !== before.get(name));
  if (more.length > 0) throw new Error(`${more.map(({ title }) => title).join(", ")} got something after the rebuild`);
}
