import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { KINDS } from "../../src/api/crds.ts";
import type { ClusterAccess } from "../cluster/access.ts";
import { newNamespace, sharedCluster } from "../cluster/shared.ts";

let cluster: ClusterAccess;
let namespace: string;

const says = async (...args: readonly string[]): Promise<string> =>
  (await cluster.kubectl([...args, "-n", namespace])).stdout;
const golden = (name: string): string => new URL(`golden/${name}.yaml`, import.meta.url).pathname;
const HEALTH = { path: "/", status: 200, maxLatencyMs: 5000 };
const ON_SERVERS = { drift: "Flag", soakSeconds: 0, queue: "Latest" };
const APPROVAL = { author: "Allow", syncBots: [], mainframes: { required: 0 } };

beforeAll(async () => {
  cluster = sharedCluster();
  namespace = await newNamespace(cluster, "kinds");
});

describe("the manifests that fit on a screen", () => {
  it.each([
    ["deployment", "adep/security-patch-001", { app: "default", allowOlder: false }],
    [
      "server",
      "asrv/ra-01",
      {
        ...ON_SERVERS,
        approval: { ...APPROVAL, required: 2 },
        checks: {
          health: HEALTH,
          modules: { path: "/api/modules" },
          database: { secretRef: { name: "ra-db", key: "url" }, query: "SELECT 1", maxLatencyMs: 2000 },
        },
      },
    ],
    [
      "staging",
      "asrv/staging",
      {
        ...ON_SERVERS,
        approval: APPROVAL,
        checks: { health: HEALTH },
        git: { url: "ssh://git@host/deploy", path: "apps/{app}/staging", branch: "main", secretRef: { name: "git" } },
        waitFor: {
          argocd: { application: "{app}-staging", namespace: "argocd" },
          healthySeconds: 10,
          timeoutSeconds: 600,
        },
      },
    ],
    ["mainframe", "mf/cust-417", { wave: 1, onFailure: "Restore", drift: "Flag", checks: { health: HEALTH } }],
  ] as const)("apply as they stand, and get the defaults: %s", async (file, object, defaults) => {
    await says("apply", "--validate=strict", "-f", golden(file));
    const { spec, status } = JSON.parse(await says("get", object, "-o", "json")) as {
      readonly spec: object;
      readonly status: object;
    };
    const written = (parse(readFileSync(golden(file), "utf8")) as { readonly spec: object }).spec;
    expect(spec).toEqual({ ...written, ...defaults });
    // Whoever waits for an object by its generation sees that nobody has looked at it yet.
    expect(status).toEqual({ observedGeneration: -1 });
  });

  it("are listed under one category, which `all` does not show", async () => {
    const listed = (await says("get", "ashat", "-o", "name")).trim().split("\n");
    expect(listed).toEqual([
      "deployment.ashat.raos.io/security-patch-001",
      "mainframe.ashat.raos.io/cust-417",
      "server.ashat.raos.io/ra-01",
      "server.ashat.raos.io/staging",
    ]);
    expect(await says("get", "all", "-o", "name")).not.toContain("ashat.raos.io");
  });
});

describe("what kubectl shows", () => {
  it.each([
    ["adep", ["NAME", "PHASE", "TIER", "CHECKS", "APPROVAL", "MAINFRAMES", "AGE", "MESSAGE"]],
    ["asrv", ["NAME", "TIER", "READY", "RUNS", "DRIFTED", "AGE", "MESSAGE"]],
    ["mf", ["NAME", "OMEGA", "WAVE", "READY", "RUNS", "DRIFTED", "AGE", "MESSAGE"]],
  ] as const)("are the columns of its short name: %s", async (short, columns) => {
    const [head = ""] = (await says("get", short)).split("\n");
    expect(head.trim().split(/\s+/)).toEqual(columns);
  });

  it("is an explanation of every field of every kind", async () => {
    for (const { plural, spec } of KINDS) {
      expect(spec.description, plural).toBeTruthy();
      const explained = await says("explain", `${plural}.ashat.raos.io.spec`, "--recursive=false");
      expect(explained).toContain("GROUP:      ashat.raos.io");
      expect(explained).not.toContain("<no description>");
    }
    expect(await says("explain", "deployments.ashat.raos.io.spec.artifact")).toContain(
      "What is delivered, pinned by content: exactly one of archive, git, image.",
    );
    expect(await says("explain", "adep.spec.artifact.archive.sha256")).toContain("what arrives with another");
    // kubectl understands the plain word as the kind of apps, so the version has to be named with it.
    expect(await says("explain", "deployments.spec.artifact", "--api-version=ashat.raos.io/v1alpha1")).toContain(
      "What is delivered, pinned by content",
    );
  });
});
