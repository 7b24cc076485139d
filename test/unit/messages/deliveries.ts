import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import type { Artifact } from "../../../src/api/artifact.ts";
import type { Assigning, Assignment } from "../../../src/delivery/assignment.ts";
import { ARCHIVE_BOUNDS, readArchiveFrom } from "../../../src/delivery/kubernetes/archive.ts";
import { kubernetesDeliverer } from "../../../src/delivery/kubernetes/deliverer.ts";
import { dataOf, findLedger } from "../../../src/delivery/kubernetes/ledger.ts";
import type { KubernetesPlace } from "../../../src/delivery/kubernetes/session.ts";
import { ANY_ADDRESS } from "../../../src/dial/address-rules.ts";
import type { Client } from "../../../src/kube/client.ts";
import { orderKey } from "../../../src/api/order.ts";
import { createCa, issue } from "../../cluster/pki.ts";
import type { Answer, Seen } from "../kube/faulty-server.ts";
import { no, withAnswers } from "./api-answers.ts";
import { toldOf } from "./clusters.ts";
import type { Told } from "./told.ts";

/** What is said of deliveries to a cluster. What a real API server makes of them is tested on one; here it keeps what it is given. */

const never = new AbortController().signal;
const START = Date.parse("2030-01-01T00:00:00Z");

type Kept = Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> };
type Otherwise = (asked: Seen, kept: Map<string, Kept>) => Answer | undefined;

const KINDS: Readonly<Record<string, readonly object[]>> = {
  "/api/v1": [
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "persistentvolumeclaims", kind: "PersistentVolumeClaim", namespaced: true },
  ],
  "/apis/apiextensions.k8s.io/v1": [
    { name: "customresourcedefinitions", kind: "CustomResourceDefinition", namespaced: false },
  ],
  "/apis/apps/v1": [{ name: "deployments", kind: "Deployment", namespaced: true }],
};

/** Keeps objects by their path, and says otherwise where the situation does. */
const keeping = (kept: Map<string, Kept>, otherwise: Otherwise): ((asked: Seen) => Answer) => {
  let version = 1;
  const keep = (path: string, object: Kept, dryRun: boolean): Answer => {
    const before = kept.get(path)?.metadata;
    const metadata = { uid: path, ...before, ...object.metadata, resourceVersion: String((version += 1)) };
    const body = { ...kept.get(path), ...object, metadata };
    if (!dryRun) kept.set(path, body);
    return { body };
  };
  return (asked) => {
    const { method, url, body } = asked;
    const path = url.pathname;
    const said = otherwise(asked, kept);
    if (said !== undefined) return said;
    if (KINDS[path] !== undefined) return { body: { resources: KINDS[path] } };
    const object = kept.get(path);
    switch (method) {
      case "POST": {
        const made = JSON.parse(body) as Kept;
        return keep(`${path}/${String(made.metadata["name"])}`, made, false);
      }
      case "PUT":
      case "PATCH":
        return keep(path, JSON.parse(body) as Kept, url.searchParams.has("dryRun"));
      case "DELETE":
        kept.delete(path);
        return { body: object ?? {} };
      default:
        return object === undefined ? no(404, "NotFound", "not found", { name: "x" }) : { body: object };
    }
  };
};

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
const RELEASE = {
  schema: "ashat.raos.io/release/v1",
  app: "shop",
  layer: "main",
  modules: [{ name: "core", version: "1.0.0" }],
};
const LAYER = { target: "staging", app: "shop", layer: "main" };
const COMMIT: Artifact = { git: { url: "https://git.example/shop.git", commit: "c".repeat(40) } };

interface Stage {
  readonly client: Client;
  readonly kept: Map<string, Kept>;
  /** Delivers these manifests under the next sequence, or the given one. */
  readonly deliver: (manifests: string, more?: Partial<Assignment>) => Promise<Told>;
  readonly restore: (undoes: number, more?: Partial<Assignment>) => Promise<Told>;
  readonly report: (sequence: number) => Promise<Told>;
  readonly after: (seconds: number) => void;
}

const told = (answer: Assigning): Told =>
  answer.state === "Answered"
    ? { codes: [answer.report.reason ?? ""], text: answer.report.message }
    : { codes: [answer.state === "Refused" ? answer.reason : answer.state], text: answer.message };

const onStage = <Result>(
  play: (stage: Stage) => Promise<Result>,
  otherwise: Otherwise = () => undefined,
  { owner = "shop", path = "." } = {},
): Promise<Result> => {
  const kept = new Map<string, Kept>();
  return withAnswers(keeping(kept, otherwise), async (client) => {
    let now = START;
    let sequence = 0;
    let text = "";
    const deliverer = kubernetesDeliverer({
      clusters: { of: () => client, close: () => Promise.resolve() },
      readArchive: () => Promise.resolve(new Map(text === "" ? [] : [["ashat.json", text]])),
      readTree: () => Promise.resolve(new Map([["a.yaml", text]])),
      now: () => now,
    });
    const place: KubernetesPlace = {
      target: { namespace: owner, name: "staging", uid: "uid-1" },
      spec: { path, namespace: "shop", healthySeconds: 30, timeoutSeconds: 600 },
    };
    const assigned = (more: Partial<Assignment>): Assignment => {
      const next = more.sequence ?? (sequence += 1);
      return {
        key: orderKey({ targetUid: "uid-1", app: "shop", layer: "main", sequence: next }),
        app: "shop",
        layer: "main",
        sequence: next,
        version: `1.${next}.0`,
        digest: `git:${next}`,
        action: { do: "deliver", artifact: COMMIT },
        update: { name: "update", uid: "update", description: "" },
        approvers: [],
        expiresAt: now + 300_000,
        ...more,
      };
    };
    return play({
      client,
      kept,
      deliver: async (manifests, more = {}) => {
        text = manifests;
        return told(await deliverer.deliver(place, assigned(more), never));
      },
      restore: async (undoes, more = {}) =>
        told(await deliverer.deliver(place, assigned({ action: { do: "restore", undoes }, ...more }), never)),
      report: async (of) =>
        told(await deliverer.report(place, orderKey({ targetUid: "uid-1", ...LAYER, sequence: of }), never)),
      after: (seconds) => {
        now += seconds * 1000;
      },
    });
  });
};

/** One delivery that the API server refuses like that when the object is applied. */
const refusing = (answer: Answer): Promise<readonly Told[]> =>
  onStage(
    async ({ deliver }) => [await deliver(map("one"))],
    ({ method }) => (method === "PATCH" ? answer : undefined),
  );

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

type Entry = { readonly name: string; readonly type?: "file" | "symlink"; readonly body?: string };

const packed = async (entries: readonly Entry[]): Promise<Buffer> => {
  const tar = pack();
  for (const { name, type = "file", body = "" } of entries)
    tar.entry({ name, type, ...(type === "symlink" && { linkname: "x" }) }, type === "file" ? body : "");
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar as AsyncIterable<Buffer>) parts.push(part);
  return gzipSync(Buffer.concat(parts), { level: 1 });
};

const fetching = async (status: number, body: Buffer, sha256: string): Promise<readonly Told[]> => {
  const ca = await createCa("messages");
  const { certPem: cert, keyPem: key } = await issue(ca, { commonName: "archives", ips: ["127.0.0.1"] });
  const server = createServer({ cert, key }, (_, response) => response.writeHead(status).end(body));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const read = readArchiveFrom(ANY_ADDRESS, { ca: ca.certPem });
    await read({ url: `https://127.0.0.1:${port}/a.tgz`, sha256 }, "", never);
    return [];
  } catch (error) {
    return [toldOf(error)];
  } finally {
    server.closeAllConnections();
    server.close();
  }
};
const archives = async (...all: readonly (readonly Entry[] | Buffer)[]): Promise<readonly Told[]> => {
  const said: Told[] = [];
  for (const one of all) {
    const bytes = Buffer.isBuffer(one) ? one : await packed(one);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    said.push(...(await fetching(200, bytes, sha256)));
  }
  return said;
};

/** An archive with this in its ashat.json; without one where it is undefined. */
const archived = (text: string | undefined): Promise<readonly Told[]> =>
  onStage(async ({ deliver }) => [
    await deliver(text ?? "", {
      action: { do: "deliver", artifact: { archive: { url: "https://x.example/a.tgz", sha256: "a".repeat(64) } } },
    }),
  ]);

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
      async ({ deliver, client }) => {
        await deliver(map("one"));
        const ledger = await findLedger(client, "shop", LAYER, never);
        return (ledger?.book.entries ?? []).map(({ reason, message }) => ({ codes: [reason], text: message }));
      },
      ({ method, url }) =>
        method === "PATCH" && !url.searchParams.has("dryRun") ? no(401, "Unauthorized", "Unauthorized") : undefined,
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
      kept.set("/api/v1/namespaces/shop/secrets/ashat-staging-shop-main", {
        type: "ashat.raos.io/release",
        metadata: { name: "ashat-staging-shop-main", namespace: "shop", uid: "u", resourceVersion: "1" },
        data: { ledger: "eA==" },
      });
      return [await deliver(map("one"))];
    }),
  "a release that is too large": () => {
    const release = { sequence: 1, version: "1.0.0", digest: "git:1", modules: [], good: false };
    const data = { text: randomBytes(1_400_000).toString("base64") };
    const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one" }, data };
    const entry = { key: "k", sequence: 1, action: "deliver", version: "1.0.0", digest: "git:1", release: 1 } as const;
    const rest = { state: "Switching", reason: "Switching", message: "", at: "", applied: false, update: "" } as const;
    try {
      dataOf(
        { owner: "shop/staging", inventory: [], entries: [{ ...entry, ...rest }], releases: [release] },
        new Map([[1, [manifest]]]),
      );
      return Promise.resolve([]);
    } catch (error) {
      return Promise.resolve([toldOf(error)]);
    }
  },
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
  "an archive that says something else": async () => [
    ...(await archived("nonsense")),
    ...(await archived("{}")),
    ...(await archived(JSON.stringify({ ...RELEASE, version: "9.9.9" }))),
  ],
  "an archive without ashat.json": () => archived(undefined),
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
  "an archive that is not there": async () => [
    ...(await readArchiveFrom(ANY_ADDRESS)({ url: "https://127.0.0.1:1/a.tgz", sha256: "a" }, "", never).then(
      () => [],
      (error: unknown) => [toldOf(error)],
    )),
    ...(await fetching(503, Buffer.alloc(0), "a")),
    ...(await fetching(404, Buffer.alloc(0), "a")),
    ...(await fetching(302, Buffer.alloc(0), "a")),
  ],
  "an archive of another digest": () => fetching(200, Buffer.from("x"), "a".repeat(64)),
  "an archive that is too large": async () => [
    ...(await fetching(200, Buffer.alloc(ARCHIVE_BOUNDS.packed + 1), "a")),
    ...(await archives(Array.from({ length: ARCHIVE_BOUNDS.entries + 1 }, (_, at) => ({ name: `${at}` })))),
    ...(await archives([{ name: "a.yaml", body: "x".repeat(ARCHIVE_BOUNDS.manifests + 1) }])),
    ...(await archives(gzipSync(Buffer.alloc(ARCHIVE_BOUNDS.unpacked + 1), { level: 1 }))),
  ],
  "an archive that cannot be read": () =>
    archives(
      Buffer.from("x"),
      [{ name: "../a.yaml" }],
      [{ name: "a.yaml", type: "symlink" }],
      [{ name: "a.yaml" }, { name: "a.yaml" }],
    ),
};
