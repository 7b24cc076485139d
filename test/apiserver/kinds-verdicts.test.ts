import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KINDS } from "../../src/api/crds.ts";
import { invalid } from "../../src/kube/errors.ts";
import type { Resource } from "../../src/kube/types.ts";
import { account, type Person } from "../cluster/person.ts";
import { sharedCluster } from "../cluster/shared.ts";
import { type Cast, castIn, update } from "./cast.ts";
import { EXAMPLES } from "./examples.ts";
import { DEPLOYMENTS, MAINFRAMES, RECORDS, SERVERS } from "./resources.ts";

const RESOURCES: Readonly<Record<string, typeof DEPLOYMENTS>> = {
  Deployment: DEPLOYMENTS,
  Server: SERVERS,
  Mainframe: MAINFRAMES,
  DeploymentRecord: RECORDS,
};
const schemaOf = (kind: string) => {
  const words = KINDS.find((each) => each.kind === kind);
  if (words === undefined) throw new Error(`no kind ${kind}`);
  return words.spec;
};

let cast: Cast;
let namespace: string;
let count = 0;

beforeAll(async () => {
  cast = await castIn(sharedCluster(), "verdicts");
  namespace = cast.namespace;
});
afterAll(async () => {
  for (const who of cast?.everyone ?? []) await who.client.close();
});

const refusalOf = async (request: Promise<unknown>): Promise<string | undefined> =>
  request.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Error && invalid(error)) return error.message;
      throw error;
    },
  );
/** Records are the operator's to write, everything else an administrator's. */
const writerOf = (kind: string): Person => (kind === "DeploymentRecord" ? cast.operator : cast.root);

describe.each(Object.keys(EXAMPLES))("%s: this process and the API server", (kind) => {
  const resource = RESOURCES[kind] as Resource<
    { readonly spec: object } & (typeof DEPLOYMENTS extends Resource<infer T> ? T : never)
  >;

  it.each((EXAMPLES[kind] ?? []).filter(({ refusal }) => refusal === undefined))(
    "both accept $about, with the same defaults",
    async ({ spec }) => {
      count += 1;
      const stored = await writerOf(kind).client.create(
        resource,
        { metadata: { name: `example-${count}`, namespace }, spec },
        { fieldValidation: "Strict", dryRun: true },
      );
      expect(schemaOf(kind).parse(spec)).toEqual(stored.spec);
    },
  );

  it.each((EXAMPLES[kind] ?? []).filter(({ refusal }) => refusal !== undefined))(
    "both refuse $about",
    async ({ spec, refusal }) => {
      count += 1;
      const here = schemaOf(kind).safeParse(spec);
      const there = await refusalOf(
        writerOf(kind).client.create(
          resource,
          { metadata: { name: `example-${count}`, namespace }, spec },
          { fieldValidation: "Strict", dryRun: true },
        ),
      );
      expect(here.success).toBe(false);
      expect(there).toBeDefined();
      expect(here.error?.message).toContain(refusal);
      expect(there).toContain(refusal);
    },
  );
});

const { spec: usual } = update("", "");
const named = (name: string) =>
  refusalOf(cast.author.client.create(DEPLOYMENTS, { metadata: { name, namespace }, spec: usual }, { dryRun: true }));

describe("what only the API server can know", () => {
  it("a name of 52 characters is accepted, one of 53 refused", async () => {
    expect(await named("a".repeat(52))).toBeUndefined();
    expect(await named("a".repeat(53))).toContain("the name of an update has at most 52 characters");
  });

  it("an unknown field is refused where strictness is asked, as kubectl does", async () => {
    const draft = { ...update(namespace, "typo"), spec: { ...usual, artefact: {} } };
    expect(await cast.author.isRefusedToApply(draft)).toContain('unknown field "spec.artefact"');
  });

  it("an update never changes", async () => {
    await cast.author.applies(update(namespace, "fixed"));
    const at = { namespace, name: "fixed" };
    expect(await refusalOf(cast.author.client.mergePatch(DEPLOYMENTS, at, { spec: { version: "9.4.3" } }))).toContain(
      "an update never changes: create a new one with a new name",
    );
    expect(await refusalOf(cast.author.client.mergePatch(DEPLOYMENTS, at, { spec: { allowOlder: true } }))).toContain(
      "an update never changes",
    );
    expect(await refusalOf(cast.author.client.mergePatch(DEPLOYMENTS, at, { spec: null }))).toBeDefined();
  });

  it("a server keeps its tier and may change otherwise", async () => {
    const at = { namespace, name: "moving" };
    await cast.root.client.create(SERVERS, { metadata: at, spec: { tier: "Public", url: "https://a.example" } });
    expect(await refusalOf(cast.root.client.mergePatch(SERVERS, at, { spec: { tier: "Alpha" } }))).toContain(
      "a server keeps its tier: create another Server",
    );
    await cast.root.client.mergePatch(SERVERS, at, { spec: { url: "https://b.example" } });
  });

  it("a record never changes, though whoever tries has every right, and yet it can be deleted", async () => {
    const cluster = sharedCluster();
    await cluster.kubectl([
      "create",
      "rolebinding",
      "too-much",
      "-n",
      namespace,
      "--clusterrole=cluster-admin",
      "--serviceaccount=ashat-system:ashat",
    ]);
    const operator = await account(cluster, "ashat-system", "ashat");
    const at = { namespace, name: "a-record-0" };
    await operator.client.create(RECORDS, { metadata: at, spec: EXAMPLES["DeploymentRecord"]?.[0]?.spec });
    expect(
      await refusalOf(operator.client.mergePatch(RECORDS, at, { spec: { message: "Nothing happened." } })),
    ).toContain("a record never changes");
    expect(await refusalOf(operator.client.mergePatch(RECORDS, at, { spec: { token: "ab".repeat(32) } }))).toContain(
      "a record never changes",
    );
    expect(await refusalOf(operator.client.mergePatch(RECORDS, at, { spec: null }))).toBeDefined();
    await operator.client.remove(RECORDS, at);
    await operator.client.close();
  });
});
