import { beforeEach, expect, test } from "vitest";
import { server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import type { Deployment } from "../api/deployment.ts";
import { type RecordSpec, recordName } from "../api/record.ts";
import type { SeenTarget } from "../core/observed.ts";
import { createStore } from "../runtime/store.ts";
import { artifactLabel, type Raw, type RawRecord } from "./kinds.ts";
import { rivalsOf } from "./rivals.ts";

const staging = server("staging", "Public");
const omega = server("ra-01", "Omega");
const targets = [staging, omega].map((target): SeenTarget => ({ target, agent: { state: "NotAsked" }, orders: {} }));
const archive = (digit: string) => ({
  artifact: { archive: { url: "https://alpha.example/ra.tgz", sha256: sha(digit) } },
});
const mine = update("mine", { version: "9.4.2", ...archive("a") });
const next = update("next", { version: "9.5.0", ...archive("b") });

const empty = () => ({
  deployments: { store: createStore<Raw, "namespace">({ namespace: ({ metadata }) => [metadata.namespace ?? ""] }) },
  records: {
    store: createStore<RawRecord, "update" | "artifact" | "name">({
      update: ({ spec }) => [spec.deployment.uid],
      artifact: ({ metadata, spec }) =>
        spec.artifacts.map(({ digest }) => `${metadata.namespace}/${artifactLabel(digest)}`),
      name: () => [],
    }),
  },
});
let stores: ReturnType<typeof empty>;
beforeEach(() => {
  stores = empty();
});

const rawOf = ({ metadata, spec }: Deployment, more: object = {}): Raw => ({
  apiVersion: "ashat.raos.io/v1alpha1",
  kind: "Deployment",
  metadata: { ...metadata, ...more },
  spec,
});
const keep = (records: readonly RecordSpec[]): void => {
  for (const spec of records) {
    const name = recordName(spec.deployment, spec.seq);
    const metadata = { name, namespace: "prod", uid: name, resourceVersion: "1" };
    stores.records.store.put({ apiVersion: "ashat.raos.io/v1alpha1", kind: "DeploymentRecord", metadata, spec });
  }
};
/** An update that has passed Public, with all that is known of it. */
const passedPublic = (deployment: Deployment): Scene => {
  const scene = new Scene(deployment, staging, omega);
  scene.runPassing();
  stores.deployments.store.put(rawOf(deployment));
  keep(scene.records);
  return scene;
};
const names = (gone: readonly string[] = []): readonly string[] =>
  rivalsOf({ stores }, mine, targets, new Set(gone)).map(({ name }) => name);

test("another update of the app is one, with how far its records say it is; the update itself is none", () => {
  stores.deployments.store.put(rawOf(mine));
  passedPublic(next);
  expect(rivalsOf({ stores }, mine, targets, new Set())).toEqual([
    {
      name: "next",
      uid: "uid-next",
      version: "9.5.0",
      tier: "omega",
      begun: false,
      verified: true,
      held: false,
      quarantined: false,
    },
  ]);
});

test("one of another app, of another namespace, without a record, or which is not readable is none", () => {
  passedPublic(update("other-app", { app: "till", version: "9.5.0", ...archive("b") }));
  const elsewhere = update("elsewhere", { version: "9.5.0", ...archive("b") });
  passedPublic({ ...elsewhere, metadata: { ...elsewhere.metadata, namespace: "dev" } });
  stores.deployments.store.put(rawOf(next));
  const odd = update("odd", { version: "9.6.0", ...archive("c") });
  passedPublic(odd);
  stores.deployments.store.put({ ...rawOf(odd, { resourceVersion: "2" }), spec: { version: 9 } });
  expect(names()).toEqual([]);
});

test("one that has ended, is being deleted or was found gone is none", () => {
  const scene = passedPublic(next);
  expect(names()).toEqual(["next"]);
  expect(names(["uid-next"])).toEqual([]);
  stores.deployments.store.put(rawOf(next, { resourceVersion: "2", deletionTimestamp: "2030-01-01T00:00:00Z" }));
  expect(names()).toEqual([]);
  stores.deployments.store.put(rawOf(next, { resourceVersion: "3" }));
  expect(names()).toEqual(["next"]);
  scene.act("cancel", "omega", "alice");
  scene.run();
  keep(scene.records);
  expect(names()).toEqual([]);
});

test("one whose artifact was taken back under another name is known as such", () => {
  const before = new Scene(update("before", { version: "9.5.0", ...archive("b") }), staging, omega);
  before.runPassing();
  before.act("cancel", "omega", "alice");
  before.run();
  keep(before.records);
  passedPublic(next);
  expect(rivalsOf({ stores }, mine, targets, new Set())).toMatchObject([{ name: "next", quarantined: true }]);
});
