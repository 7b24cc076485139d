import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordName, seal } from "../../src/api/record.ts";
import { forbidden, notFound } from "../../src/kube/errors.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import type { Person } from "../cluster/person.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";
import { until } from "../cluster/until.ts";
import { type Cast, castIn, update } from "./cast.ts";
import { DEPLOYMENTS, MAINFRAMES, RECORDS, SERVERS } from "./resources.ts";

const OPERATOR = "system:serviceaccount:ashat-system:ashat";

let cluster: ClusterAccess;
let cast: Cast;
let namespace: string;

beforeAll(async () => {
  cluster = sharedCluster();
  cast = await castIn(cluster, "operator-only");
  namespace = cast.namespace;
  // Rights from RBAC alone: what is refused below is refused by the policy.
  await cluster.kubectl([
    "create",
    "rolebinding",
    "everything",
    "-n",
    namespace,
    "--clusterrole=cluster-admin",
    "--user=author",
    "--user=alice",
    "--user=pat",
  ]);
  await cast.author.applies(update(namespace, "an-update"));
  await cast.root.client.create(SERVERS, {
    metadata: { name: "a-server", namespace },
    spec: { tier: "Public", url: "https://a.example" },
  });
  await cast.root.client.create(MAINFRAMES, {
    metadata: { name: "a-mainframe", namespace },
    spec: { omega: "ra-01", agent: { url: "https://cust-417.example:7443" } },
  });
});
afterAll(async () => {
  for (const who of cast?.everyone ?? []) await who.client.close();
});

const others = (): readonly Person[] => [cast.author, cast.alice, cast.pat, cast.root];
const refusedFor = async (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => "was accepted",
    (error: unknown) =>
      error instanceof Error && forbidden(error) ? error.message : `was refused otherwise: ${String(error)}`,
  );

const record = (namespace: string) => {
  const deployment = { name: "an-update", uid: "3f0f2c50-0000-0000-0000-000000000000" };
  const spec = seal({
    seq: 0,
    previous: "",
    time: "2026-11-20T10:00:00Z",
    deployment,
    app: "default",
    version: "9.4.2",
    artifacts: [{ layer: "main", digest: `sha256:${"ab".repeat(32)}` }],
    to: "Waiting",
    reason: "Created",
    message: "It was created.",
    actor: { name: "author", known: "Admission" },
  });
  return { metadata: { name: recordName(deployment, 0), namespace }, spec };
};

const may = async (verb: string, resource: string): Promise<string> =>
  (
    await cluster
      .kubectl(["auth", "can-i", verb, resource, "-n", namespace], { as: { user: OPERATOR } })
      .catch(() => ({ stdout: "no" }))
  ).stdout.trim();

describe("the status of every kind", () => {
  it.each([
    ["deployments", DEPLOYMENTS, "an-update"],
    ["servers", SERVERS, "a-server"],
    ["mainframes", MAINFRAMES, "a-mainframe"],
  ] as const)(
    "is written by the operator and nobody else, a cluster administrator neither: %s",
    async (_, resource, name) => {
      const at = { namespace, name };
      for (const who of others()) {
        const object = await who.client.get(resource, at);
        expect(await refusedFor(who.client.replaceStatus(resource, object, { message: "forged" }))).toContain(
          `status is written by the operator (${OPERATOR}) only, not by ${who.user}`,
        );
        expect(
          await refusedFor(
            who.client.mergePatch(resource, at, { status: { message: "forged" } }, { subresource: "status" }),
          ),
        ).toContain("only, not by");
      }
      const object = await cast.root.client.get(resource, at);
      expect(await cast.operator.client.replaceStatus(resource, object, { message: "true" })).toMatchObject({
        status: { message: "true" },
      });
    },
  );

  it("is not written by way of the object itself", async () => {
    const object = await cast.author.client.mergePatch(
      DEPLOYMENTS,
      { namespace, name: "an-update" },
      { status: { phase: "Completed" } },
    );
    expect(object.status).not.toHaveProperty("phase");
  });
});

describe("a record", () => {
  it("is created by the operator and nobody else, and changed and deleted by nobody at all", async () => {
    const draft = record(namespace);
    const at = { namespace, name: draft.metadata.name };
    for (const who of others())
      expect(await refusedFor(who.client.create(RECORDS, draft))).toContain(
        `a record is written by the operator (${OPERATOR}) only, not by ${who.user}`,
      );
    await cast.operator.client.create(RECORDS, draft);
    for (const who of others()) {
      expect(await refusedFor(who.client.mergePatch(RECORDS, at, { metadata: { labels: { a: "b" } } }))).toContain(
        "a record is written by the operator",
      );
      expect(await refusedFor(who.client.remove(RECORDS, at))).toContain("a record is written by the operator");
    }
    expect(
      await refusedFor(cast.operator.client.mergePatch(RECORDS, at, { spec: { message: "nothing happened" } })),
    ).toContain("cannot patch resource");
    expect(await refusedFor(cast.operator.client.remove(RECORDS, at))).toContain("cannot delete resource");
  });

  it("goes with its namespace, which it does not hold up", async () => {
    const leaving = await newNamespace(cluster, "leaving");
    const draft = record(leaving);
    await cast.operator.client.create(RECORDS, draft);
    expect(await cast.root.isRefused("delete", "adr", draft.metadata.name, "-n", leaving)).toContain(
      "a record is written by the operator",
    );
    await cluster.kubectl(["delete", "namespace", leaving, "--wait=false"]);
    await until("the namespace is gone", async () =>
      cluster.kubectl(["get", "namespace", leaving]).then(
        () => false,
        () => true,
      ),
    );
    await expect(cast.root.client.get(RECORDS, { namespace: leaving, name: draft.metadata.name })).rejects.toSatisfy(
      notFound,
    );
  });
});

describe("the operator's own role", () => {
  it("has no right on tiers, and none to change a spec, an update or a record", async () => {
    for (const verb of ["approve", "cancel", "rollback", "verify", "override"])
      expect([verb, await may(verb, "tiers.ashat.raos.io/omega")]).toEqual([verb, "no"]);
    expect(await may("patch", "deployments.ashat.raos.io")).toBe("no");
    expect(await may("update", "servers.ashat.raos.io")).toBe("no");
    expect(await may("update", "deploymentrecords.ashat.raos.io")).toBe("no");
    expect(await may("create", "deploymentrecords.ashat.raos.io")).toBe("yes");
  });
});
