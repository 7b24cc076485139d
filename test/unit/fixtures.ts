import type { Category } from "../../src/api/categories.ts";
import type { CheckDocument } from "../../src/api/check-run.ts";
import { type Deployment, DeploymentSpec } from "../../src/api/deployment.ts";
import { type Mainframe, MainframeSpec } from "../../src/api/mainframe.ts";
import type { Metadata } from "../../src/api/meta.ts";
import type { TargetReport } from "../../src/api/report.ts";
import { type Server, ServerSpec } from "../../src/api/server.ts";
import type { TargetStatus } from "../../src/api/target.ts";
import type { SeenPod, SeenPolicies } from "../../src/core/observed.ts";

/** Objects as the API server would have them: parsed by the real schemas, with defaults filled in. */

export const NOW = Date.parse("2030-01-01T00:00:00.000Z");

const metadata = (name: string, uid: string): Metadata => ({
  name,
  namespace: "prod",
  uid,
  resourceVersion: "1",
  generation: 1,
  creationTimestamp: "2030-01-01T00:00:00.000Z",
  labels: {},
  annotations: {},
});

/** A digest that tells artifacts apart: one letter or digit, repeated. */
export const sha = (digit: string): string => digit.repeat(64);

export type Patch = Readonly<Record<string, unknown>>;

export const update = (name: string, patch: Patch = {}, uid = `uid-${name}`): Deployment => ({
  metadata: metadata(name, uid),
  spec: DeploymentSpec.parse({
    description: "Critical security fixes",
    version: "9.4.2",
    artifact: { archive: { url: "https://alpha.example/ra.tgz", sha256: sha("a") } },
    ...patch,
  }),
  status: { observedGeneration: -1 },
});

export const server = (
  name: string,
  tier: "Alpha" | "Public" | "Omega",
  patch: Patch = {},
  status: TargetStatus = {},
): Server => ({
  kind: "Server",
  metadata: metadata(name, `uid-${name}`),
  spec: ServerSpec.parse({ tier, url: `https://${name}.example`, ...patch }),
  status,
});

export const mainframe = (name: string, patch: Patch = {}): Mainframe => ({
  kind: "Mainframe",
  metadata: metadata(name, `uid-${name}`),
  spec: MainframeSpec.parse({ omega: "ra-01", agent: { url: `https://${name}.example:7443` }, ...patch }),
  status: {},
});

export const IN_FORCE: SeenPolicies = { state: "InForce", identity: { actions: 1 }, stamps: "ApiServer" };
export const CLIENT_STAMPS: SeenPolicies = { state: "InForce", identity: { actions: 1 }, stamps: "Client" };
export const OFF: SeenPolicies = {
  state: "NotInForce",
  reason: "Missing",
  message: "ValidatingAdmissionPolicy/ashat-actions is missing",
};

/** What runs on a target, as its agent says it. */
export const runs = (
  target: Server | Mainframe,
  version: string,
  digest: string,
  {
    layer = "main",
    sequence = 1,
    healthy = true,
    previous,
  }: {
    readonly layer?: string;
    readonly sequence?: number;
    readonly healthy?: boolean;
    readonly previous?: { readonly version: string; readonly digest: string };
  } = {},
): TargetReport => ({
  ...bare(),
  apps: [
    {
      app: "default",
      layer,
      sequence,
      version,
      digest: named(digest),
      modules: [],
      ...(previous && { previous: { version: previous.version, digest: named(previous.digest) } }),
      health: {
        ok: healthy,
        message: healthy ? "the hook says it is well" : "the hook says it is not",
        at: "2030-01-01T00:00:00.000Z",
      },
    },
  ],
  seen: [
    {
      app: "default",
      layer,
      sequence,
      key: `${target.metadata.uid}.default.${layer}.${sequence}`,
      state: "Applied",
    },
  ],
});

const named = (digest: string): string => (digest.includes(":") ? digest : `sha256:${digest}`);

/** A target where nothing was ever delivered. */
export const bare = (): TargetReport => ({ version: "0.1.0", apps: [], seen: [] });

/** What the runner of one check writes. */
export const document = (
  category: Category,
  verdict: CheckDocument["verdict"],
  baseline?: CheckDocument["baseline"],
): string =>
  JSON.stringify({
    category,
    verdict,
    message: verdict === "Passed" ? "as expected" : "not as expected",
    asserted: ["GET / answers 200"],
    measurements: {},
    startedAt: "2030-01-01T00:00:00.000Z",
    durationMs: 12,
    ...(baseline && { baseline }),
  } satisfies CheckDocument);

/** A pod of a Job that ended well and left this document. */
export const podThatWrote = (index: number, message: string): SeenPod => ({
  index,
  phase: "Succeeded",
  createdAt: "2030-01-01T00:00:00.000Z",
  terminated: { exitCode: 0, reason: "Completed", message },
});
