import { randomBytes } from "node:crypto";
import { findLedger } from "../../../src/delivery/kubernetes/ledger.ts";
import { ledgerName } from "../../../src/delivery/kubernetes/ledger-name.ts";
import type { Answer } from "../kube/faulty-server.ts";
import { no } from "./api-answers.ts";
import { LAYER, onStage, START } from "./stage.ts";
import type { Told } from "./told.ts";

/** What is said of deliveries to a cluster. */

const never = new AbortController().signal;
const map = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const claim = (name: string): string => `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: ${name}}\n`;
const WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n";

const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: colours.example.org}
spec: {group: example.org, names: {kind: Colour, plural: colours}, scope: Namespaced}
`;
const REFUSED = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "colours.example.org", uid: "u", resourceVersion: "1" },
  status: { conditions: [{ type: "NamesAccepted", status: "False", reason: "InUse", message: "in use" }] },
};
/** One delivery that the API server refuses like that when the object is applied. */
const refusing = (answer: Answer): Promise<readonly Told[]> =>
  onStage(
    async ({ deliver }) => [await deliver(map("one"))],
    ({ method }) => (method === "PATCH" ? answer : undefined),
  );

const LEDGER = `/api/v1/namespaces/shop/secrets/${ledgerName(LAYER)}`;
const SECRET = { name: ledgerName(LAYER), namespace: "shop", uid: "u", resourceVersion: "1" };

const ONE = "/api/v1/namespaces/shop/configmaps/one";
const CLAIM = "/api/v1/namespaces/shop/persistentvolumeclaims/one";

/** What is said when what one release had is not in the next one, and something about it was changed meanwhile. */
const prunes = (change: object = {}, answer?: Answer, manifest = map("one"), path = ONE): Promise<readonly Told[]> =>
  onStage(
    async ({ deliver, kept }) => {
      await deliver(`${map("two")}---\n${manifest}`);
      const object = kept.get(path);
      if (object !== undefined) {
        const { annotations } = object.metadata as { readonly annotations: object };
        const { annotations: more = {}, ...rest } = change as { readonly annotations?: object };
        kept.set(path, {
          ...object,
          metadata: { ...object.metadata, ...rest, annotations: { ...annotations, ...more } },
        });
      }
      return [await deliver(map("two"))];
    },
    ({ method }) => (method === "DELETE" ? answer : undefined),
  );

/** What packing makes no smaller. */
const noise = (): string => `${map("one")}data: {text: "${randomBytes(600_000).toString("base64")}"}\n`;

const STRANGE = [{ reason: "FieldManagerConflict", message: 'conflict with "mallory"', field: ".data.colour" }];

export const DELIVERIES: Readonly<Record<string, () => Promise<readonly Told[]>>> = {
  "a release that comes to a cluster": () =>
    onStage(async ({ deliver, report, after }) => {
      const said = [await deliver(map("one"))];
      after(1);
      said.push(await report(1));
      after(31);
      return [...said, await report(1)];
    }),
  "a release that is just begun": () =>
    onStage(
      async ({ deliver, shelf }) => {
        await deliver(map("one"));
        const ledger = await findLedger(shelf, LAYER, never);
        return (ledger?.book.entries ?? []).map(({ reason, message }) => ({ codes: [reason], text: message }));
      },
      ({ method, url }) =>
        method === "PATCH" && !url.searchParams.has("dryRun") ? no(401, "Unauthorized", "Unauthorized") : undefined,
    ),
  "a release that takes long": () =>
    onStage(
      async ({ deliver, report }) => {
        const all = `${map("one")}---\n${map("two")}`;
        const said = [await deliver(all), await deliver(all, { sequence: 1 })];
        return [...said, await report(1)];
      },
      undefined,
      { workMs: -1 },
    ),
  "a release that is overtaken": () =>
    onStage(async ({ deliver, report }) => {
      await deliver(map("one"));
      await deliver(map("one"));
      return [await report(1)];
    }),
  "a release of objects that do not become healthy": () =>
    onStage(async ({ deliver, report, after }) => {
      await deliver(WEB);
      after(1);
      const said = [await report(1)];
      after(600);
      return [...said, await report(1)];
    }),
  "a release that is healthy too late": () =>
    onStage(async ({ deliver, report, after }) => {
      await deliver(map("one"));
      after(601);
      return [await report(1)];
    }),
  "a restore of what runs well": () =>
    onStage(async ({ deliver, restore, report, after }) => {
      await deliver(map("one"));
      after(1);
      await report(1);
      after(31);
      await report(1);
      return [await restore(9, { version: "1.1.0", digest: "git:1" })];
    }),
  "a restore of what was never kept": () =>
    onStage(async ({ deliver, restore }) => {
      await deliver(map("one"));
      return [
        await restore(1, { version: "0.9.0", digest: "git:0" }),
        await restore(9, { version: "0.9.0", digest: "git:1" }),
      ];
    }),
  "an order for a cluster that nobody knows": () => onStage(async ({ report }) => [await report(1)]),
  "an order for a cluster that is another one": () =>
    onStage(async ({ deliver }) => {
      await deliver(map("one"), { sequence: 1 });
      return [await deliver(map("one"), { sequence: 1, version: "9.9.9" })];
    }),
  "an order for a cluster that comes late": () =>
    onStage(async ({ deliver }) => {
      await deliver(map("one"), { sequence: 7 });
      return [await deliver(map("one"), { sequence: 6 })];
    }),
  "an order for a cluster whose time is over": () =>
    onStage(async ({ deliver }) => [await deliver(map("one"), { expiresAt: START })]),
  "two servers in one namespace": () =>
    onStage(async ({ deliver, kept }) => {
      await deliver(map("one"));
      return onStage(
        async (other) => {
          for (const [path, object] of kept) other.kept.set(path, object);
          return [await other.deliver(map("one"), { sequence: 2 })];
        },
        undefined,
        { owner: "other" },
      );
    }),
  "an object of another target": () =>
    onStage(async ({ deliver, kept }) => {
      kept.set(ONE, { metadata: { name: "one", uid: "u", annotations: { "ashat.raos.io/inventory": "other/x" } } });
      return [await deliver(map("one"))];
    }),
  "a ledger that somebody wrote": () =>
    onStage(async ({ deliver, kept }) => {
      kept.set(LEDGER, { type: "ashat.raos.io/release", metadata: SECRET, data: { ledger: "eA==", proof: "eA==" } });
      return [await deliver(map("one"))];
    }),
  "a Secret that has the name of a ledger": () =>
    onStage(async ({ deliver, kept }) => {
      kept.set(LEDGER, { type: "Opaque", metadata: SECRET, data: {} });
      return [await deliver(map("one"))];
    }),
  "a ledger with the labels of another": () =>
    onStage(async ({ deliver, report, kept }) => {
      await deliver(map("one"));
      const ledger = kept.get(LEDGER);
      const labels = { ...(ledger?.metadata["labels"] as object), "ashat.raos.io/app": "other" };
      if (ledger !== undefined) kept.set(LEDGER, { ...ledger, metadata: { ...ledger.metadata, labels } });
      return [await report(1)];
    }),
  "a release that is too large": () =>
    onStage(async ({ deliver, report, after }) => {
      await deliver(noise());
      after(1);
      await report(1);
      after(31);
      await report(1);
      return [await deliver(noise())];
    }),
  "an object that the account may not apply": () => refusing(no(403, "Forbidden", "configmaps is forbidden")),
  "an object whose field cannot change": () => refusing(no(422, "Invalid", "spec.selector: field is immutable")),
  "an object that is not valid": () => refusing(no(422, "Invalid", "spec.replicas: must be a number")),
  "an object that others write": () =>
    refusing(no(409, "Conflict", "Apply failed with 1 conflict", { causes: STRANGE })),
  "what a release leaves behind": async () => [
    ...(await prunes({ annotations: { "ashat.raos.io/inventory": "somebody/else" } })),
    ...(await prunes({ ownerReferences: [{ name: "x" }] })),
    ...(await prunes({ annotations: { "ashat.raos.io/prune": "Disabled" } })),
  ],
  "what a release leaves behind because it is precious": () => prunes({}, undefined, claim("one"), CLAIM),
  "what a release could not take away": async () => [
    ...(await prunes({}, no(409, "Conflict", "the uid is another"))),
    ...(await prunes({}, no(403, "Forbidden", "configmaps is forbidden"))),
  ],
  "an image for a cluster, at the last moment": () =>
    onStage(async ({ deliver }) => [
      await deliver("", {
        action: { do: "deliver", artifact: { image: { ref: "r.example/a", digest: `sha256:${"a".repeat(64)}` } } },
      }),
    ]),
  "a path that leads out of the artifact": () =>
    onStage(async ({ deliver }) => [await deliver(map("one"))], undefined, { path: "../other" }),
  "a release that is refused half way": () =>
    onStage(
      async ({ deliver }) => [await deliver(map("one"))],
      ({ method, url }) =>
        method === "PATCH" && !url.searchParams.has("dryRun")
          ? no(422, "Invalid", "an admission webhook refused it")
          : undefined,
    ),
  "a definition that is not served": () =>
    onStage(
      async ({ deliver }) => [await deliver(DEFINITION)],
      ({ method, url }) =>
        method === "GET" && url.pathname.endsWith("/colours.example.org") ? { body: REFUSED } : undefined,
    ),
};
