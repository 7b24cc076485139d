import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { install } from "../cluster/install.ts";
import { sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { type Cast, castIn, update } from "./cast.ts";
import { APPROVE, AUTHOR, stageOf, STAMP, TOKEN } from "./stage.ts";

/** The rules for API servers before 1.36, on one that has nothing else: what stamps there is taken away. */

let cluster: Cluster;
let cast: Cast;
let stage: ReturnType<typeof stageOf>;

const { owned } = sharedCluster();

beforeAll(async () => {
  if (!owned) return;
  cluster = await startCluster();
  await install(cluster);
  cast = await castIn(cluster, "client-stamps");
  stage = stageOf(cast);
  await cluster.kubectl(["delete", "mutatingadmissionpolicies,mutatingadmissionpolicybindings", "ashat-stamps"]);
  await cluster.kubectl([
    "apply",
    "-f",
    new URL("../../manifests/policies-before-1.36.yaml", import.meta.url).pathname,
  ]);
  await until("nothing is stamped any more", async () => {
    const name = await stage.created();
    return !(AUTHOR in (await stage.annotations(name)));
  });
});
afterAll(async () => {
  for (const who of cast?.everyone ?? []) await who.client.close();
  await cluster?.stop();
});

const rule = (user: string) => `the request itself carries it: by.ashat.raos.io/<verb>.<tier>[.<slot>]=${user}`;

describe.skipIf(!owned)("where the API server cannot stamp", () => {
  it("an action without the stamp of who asks is refused, with what to add", async () => {
    const name = await stage.created();
    expect(await cast.alice.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`))).toContain(rule("alice"));
    expect(await cast.alice.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`, `${STAMP}=bob`))).toContain(
      rule("alice"),
    );
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`, `${STAMP}=alice`));
    await cast.bob.does(...stage.annotate(name, `${APPROVE}.2=${TOKEN}`, `${STAMP}.2=bob`));
    expect(await stage.annotations(name)).toEqual({
      [APPROVE]: TOKEN,
      [STAMP]: "alice",
      [`${APPROVE}.2`]: TOKEN,
      [`${STAMP}.2`]: "bob",
    });
  });

  it("an action without the right is refused, whatever its stamp", async () => {
    const name = await stage.created();
    expect(await cast.author.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`, `${STAMP}=author`))).toContain(
      "author may not approve on tier omega",
    );
  });

  it("a stamp is neither changed, deleted nor invented", async () => {
    const name = await stage.created();
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`, `${STAMP}=alice`));
    for (const words of [
      [`${STAMP}=bob`, "--overwrite"],
      [`${STAMP}-`],
      [`${STAMP}.2=author`],
      [`${APPROVE}=${TOKEN} mine`, "--overwrite"],
    ])
      expect(await cast.bob.isRefused(...stage.annotate(name, ...words)), words.join(" ")).toContain(
        "is stamped by the API server only",
      );
    expect(await stage.annotations(name)).toEqual({ [APPROVE]: TOKEN, [STAMP]: "alice" });
  });

  it("an action can always be withdrawn, and a stamp left behind serves nobody", async () => {
    const name = await stage.created();
    await cast.alice.does(...stage.annotate(name, `${APPROVE}=${TOKEN}`, `${STAMP}=alice`));
    await cast.author.does(...stage.annotate(name, `${APPROVE}-`));
    expect(await cast.bob.isRefused(...stage.annotate(name, `${APPROVE}=${TOKEN}`))).toContain(rule("bob"));
    await cast.author.does(...stage.annotate(name, `${STAMP}-`));
    expect(await stage.annotations(name)).toEqual({});
  });

  it("the author is who asks at creation or not named at all, and is not named or changed later", async () => {
    expect(
      await cast.author.isRefusedToApply(update(cast.namespace, "not-mine", { annotations: { [AUTHOR]: "bob" } })),
    ).toContain(rule("author"));
    const [named, unnamed] = [await stage.created({ annotations: { [AUTHOR]: "author" } }), await stage.created()];
    expect(await cast.alice.isRefused(...stage.annotate(named, `${AUTHOR}-`))).toContain(rule("alice"));
    expect(await cast.alice.isRefused(...stage.annotate(named, `${AUTHOR}=alice`, "--overwrite"))).toContain(
      rule("alice"),
    );
    expect(await cast.alice.isRefused(...stage.annotate(unnamed, `${AUTHOR}=alice`))).toContain(rule("alice"));
  });
});
