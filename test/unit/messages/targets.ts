import { unproven } from "../../../src/api/forgery.ts";
import { digestOfLayers } from "../../../src/api/layer.ts";
import { POLICIES } from "../../../src/api/policies.ts";
import { judgePolicies, type LivePolicy } from "../../../src/api/policies-live.ts";
import type { AppState } from "../../../src/api/target.ts";
import type { Server } from "../../../src/api/server.ts";
import { addressesOf } from "../../../src/controllers/addresses.ts";
import { telling } from "../../../src/controllers/failure.ts";
import { unreadable } from "../../../src/controllers/gate.ts";
import { parseServer } from "../../../src/controllers/parse.ts";
import type { SeenAgent, SeenPolicies } from "../../../src/core/observed.ts";
import { statusOfTarget } from "../../../src/core/target.ts";
import { refusalOfUrl } from "../../../src/dial/address-rules.ts";
import { bare, IN_FORCE, mainframe, NOW, type Patch, runs, server, sha } from "../fixtures.ts";
import { type Told, toldBy } from "./told.ts";

/** What servers, mainframes and the policies are said to be like. */

type Seen = Parameters<typeof statusOfTarget>[0];

const say = (target: Seen["target"], rest: Partial<Omit<Seen, "target">> = {}): readonly Told[] =>
  toldBy(
    statusOfTarget(
      { target, agent: { state: "Answered", status: bare() }, policies: IN_FORCE, isThere: () => true, ...rest },
      NOW,
    ),
  );

const silent = (reason: string, message: string): SeenAgent => ({ state: "NotAnswered", reason, message });

const DELIVERED: AppState = {
  app: "default",
  sequence: 3,
  version: "9.4.2",
  digest: `sha256:${sha("a")}`,
  deployment: "patch",
  since: "2030-01-01T00:00:00.000Z",
};
const drifting = (patch: Patch = {}): Server => server("staging", "Public", patch, { apps: [DELIVERED] });
const answers = (target: Server, version: string, digest: string): SeenAgent => ({
  state: "Answered",
  status: runs(target, version, digest, { sequence: 3 }),
});

const gated = (policies: SeenPolicies): readonly Told[] => say(server("ra-01", "Omega"), { policies });
const notEnforced = (message: string | undefined): readonly Told[] =>
  gated({ state: "NotInForce", reason: "NotEnforced", message: message ?? "" });

/** The policies as the API server has them, one of them gone or changed. */
const judged = (change: (live: readonly LivePolicy[]) => readonly LivePolicy[]): readonly Told[] => {
  const live = POLICIES.map((policy) => ({ ...policy, metadata: { ...policy.metadata, uid: "uid", generation: 1 } }));
  const judgement = judgePolicies(change(live), "ApiServer");
  return judgement.state === "AsWritten"
    ? []
    : gated({ state: "NotInForce", reason: judgement.state, message: judgement.message });
};

const DENIED = "'ashat-actions' with binding 'ashat-actions' denied request: ";

const UPDATE = { type: "Stalled", status: "True", replaces: ["Stalled", "Reconciling"] } as const;
const failed = (kind: "Forbidden" | "Invalid" | "Error", message: string): readonly Told[] =>
  toldBy(telling(UPDATE, {}, { kind, error: new Error(message), count: 3 }, 1, NOW) ?? {});

/** An object that was written under other CRDs than those of this version. */
function unreadableServer(): readonly Told[] {
  const metadata = { name: "staging", namespace: "prod", uid: "uid", resourceVersion: "1" };
  try {
    parseServer({ apiVersion: "ashat.raos.io/v1alpha1", kind: "Server", metadata, spec: { tier: "Gamma" } });
    return [];
  } catch (error) {
    return failed("Error", error instanceof Error ? error.message : "");
  }
}

/** Addresses that a server of others does not have. */
function refused(url: string): readonly Told[] {
  const { rules } = addressesOf([], [{ address: "10.96.0.1", port: 443 }]);
  return say(server("staging", "Public"), { agent: silent("AddressRefused", refusalOfUrl(rules, url)?.message ?? "") });
}

export const TARGETS: Readonly<Record<string, () => readonly Told[]>> = {
  "a server whose agent answers": () => say(server("ra-01", "Omega")),
  "a server that was not asked": () => say(server("staging", "Public"), { agent: { state: "NotAsked" } }),
  "a server of git": () =>
    say(
      server("staging", "Public", { git: { url: "ssh://git@host/deploy", path: "apps", secretRef: { name: "git" } } }),
    ),
  "a server that is a cluster": () =>
    say(server("staging", "Public", { kubernetes: { serviceAccountName: "deployer" } })),
  "a server by plain http": () => say(server("staging", "Public", { url: "http://staging.example" })),
  "a mainframe whose Omega server is not there": () => say(mainframe("cust-1"), { omegaExists: false }),
  "a mainframe with a licence": () => say(mainframe("cust-1"), { licence: { valid: true, holder: "Example Ltd" } }),
  "an address that is refused": () => refused("https://169.254.169.254"),
  "the address of the API server": () => refused("https://10.96.0.1"),
  "another version by hand": () => {
    const target = drifting();
    return say(target, { agent: answers(target, "9.4.1", sha("b")) });
  },
  "another artifact of the same version by hand": () => {
    const target = drifting({ drift: "Heal" });
    return say(target, { agent: answers(target, "9.4.2", sha("b")) });
  },
  "an object of a cluster that was changed": () => {
    const target = drifting({ kubernetes: { serviceAccountName: "deployer" } });
    const { apps, seen } = runs(target, "9.4.2", sha("a"), { sequence: 3 });
    const changed = apps.map((item) => ({ ...item, changed: "ConfigMap prod/shop is gone" }));
    return say(target, { agent: { state: "Answered", status: { apps: changed, seen } } });
  },
  "one layer by hand": () => {
    const layers = ["database", "web"].map((layer) => ({ layer, version: "9.4.2", digest: `sha256:${sha("a")}` }));
    const target = server(
      "staging",
      "Public",
      { drift: "Heal" },
      { apps: [{ ...DELIVERED, digest: digestOfLayers(layers), layers }] },
    );
    const apps = layers.flatMap(({ layer }) =>
      layer === "web"
        ? runs(target, "9.4.1", sha("b"), { layer }).apps
        : runs(target, "9.4.2", sha("a"), { layer }).apps,
    );
    return say(target, { agent: { state: "Answered", status: { apps, seen: [] } } });
  },
  "nothing runs any more": () => say(drifting(), { isThere: () => false }),
  "a policy that is gone": () => judged((live) => live.slice(1)),
  "a policy that was changed": () =>
    judged((live) => live.map((policy, at) => (at === 0 ? { ...policy, spec: { failurePolicy: "Ignore" } } : policy))),
  "policies that nobody may read": () => gated(unreadable(new Error("policies cannot be listed: forbidden"))),
  "stamps that are not replaced": () =>
    notEnforced(unproven(`${DENIED}who acted is stamped by the API server only`, "ApiServer")),
  "an operator of another name": () =>
    notEnforced(unproven(`${DENIED}somebody may not approve on tier omega`, "Client")),
  "a policy of somebody else in the way": () => notEnforced(unproven("admission webhook denied the request", "Client")),
  "an object that this version cannot read": unreadableServer,
  "a right that the operator lacks": () => failed("Forbidden", "servers is forbidden"),
  "a status that the API server refuses": () => failed("Invalid", "status is invalid"),
  "a failure that does not pass": () => failed("Error", "the request took too long"),
};
