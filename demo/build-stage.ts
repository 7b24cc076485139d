import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { startArchives } from "../test/world/archives.ts";
import { startDatabase } from "../test/world/database.ts";
import { makeKeys } from "../test/world/keys.ts";
import { CHECK_IMAGE, startOperator } from "../test/world/operator.ts";
import { startCluster } from "../test/cluster/cluster.ts";
import { tailOfLog } from "../test/cluster/guard.ts";
import { install } from "../test/cluster/install.ts";
import { startNode } from "../test/cluster/kubelet.ts";
import { createCa } from "../test/cluster/pki.ts";
import { update } from "../test/world/manifests.ts";
import { answersOf } from "./answers.ts";
import { DATABASE_SECRET } from "./checks.ts";
import { installFirst } from "./first-release.ts";
import type { SetupStep } from "./messages.ts";
import { kubeconfigs, namespaceAndRights } from "./people.ts";
import type { Scenario } from "./scenario.ts";
import { DESCRIPTION, NEXT, type Scene, UPDATE, VERSION, VERSION_BEFORE } from "./scene.ts";
import { type ScenarioName, SCENARIOS } from "./scenarios.ts";
import { manifests, placeOf, startTargets } from "./targets.ts";

export interface Told {
  readonly begun: (step: SetupStep) => void;
  readonly goesOn: (step: SetupStep, doing: string) => void;
  readonly done: (step: SetupStep, seconds: number, note: string) => void;
  /** What should run does not run any more. */
  readonly broken: (message: string) => void;
}

/** Ends what was started, the last first. */
export type Ending = () => Promise<void>;

/** A control plane with an operator and what else all scenarios share; each of them has a namespace and servers of its own in it. */
export interface Stage {
  readonly set: (name: ScenarioName) => Promise<Scene>;
  /** Ends what only the scenario before needs. */
  readonly strike: () => Promise<void>;
}

const OWN_CLUSTER =
  "the demo's servers run on this machine, where the pods of another cluster do not reach them: unset ASHAT_TEST_CONTEXT and run it again";
const MAIN = new URL("../src/main.ts", import.meta.url).pathname;

type Fulfilled<Needs extends readonly Promise<unknown>[]> = { readonly [K in keyof Needs]: Awaited<Needs[K]> };

/** Starts everything real that the demo needs. What is independent starts together; what was started is in `endings` at once. */
export function buildStage(dir: string, told: Told, endings: Ending[]): Stage {
  /** One step: begun when what it needs is there, and told with the time it took by itself. */
  const step = async <const Needs extends readonly Promise<unknown>[], Result>(
    name: SetupStep,
    needs: Needs,
    work: (needed: Fulfilled<Needs>, goesOn: (doing: string) => void) => Promise<readonly [Result, string]>,
  ): Promise<Result> => {
    const needed = (await Promise.all(needs)) as Fulfilled<Needs>;
    const begun = performance.now();
    told.begun(name);
    const [result, note] = await work(needed, (doing) => told.goesOn(name, doing));
    told.done(name, (performance.now() - begun) / 1000, note);
    return result;
  };

  const cluster = step("control plane", [], async (_, goesOn) => {
    if (process.env["ASHAT_TEST_CONTEXT"]) throw new Error(OWN_CLUSTER);
    const started = await startCluster({
      dir: join(dir, "cluster"),
      onProgress: ({ doing, left }) => goesOn(left.length > 0 ? `${doing}; left: ${left.join(", ")}` : doing),
    });
    endings.push(started.stop);
    return [started, "etcd, kube-apiserver, controller manager, scheduler"];
  });
  const database = step("database", [], async () => {
    const started = await startDatabase(dir);
    endings.push(started.stop);
    return [started.url, "PGlite: Postgres as WebAssembly, over the Postgres wire, no TLS"];
  });
  const ground = step("archive server and keys", [], async () => {
    const [ca, keys] = await Promise.all([createCa("RaOS demo"), makeKeys(dir)]);
    const archives = await startArchives(dir, ca);
    endings.push(archives.stop);
    const first = await archives.build({ version: VERSION_BEFORE });
    return [{ ca, keys, archives, first }, `RaOS ${VERSION_BEFORE}; Ed25519 keys for orders, licences`];
  });
  const installed = step("kinds, roles, policies", [cluster], async ([at]) => {
    await install(at);
    return [undefined, "crds/ and manifests/ as they stand; a forged approval is refused"];
  });
  const node = step("a node", [cluster, installed], async ([at]) => {
    const started = await startNode({ cluster: at, images: { [CHECK_IMAGE]: [process.execPath, MAIN] } });
    endings.push(started.stop);
    return [started, "a stand-in for the kubelet: pods run as local processes"];
  });
  const operator = step("operator", [cluster, ground, installed], async ([at, { keys }]) => {
    const started = await startOperator(at, keys, dir);
    void started.exited.then(({ code, signal }) =>
      told.broken(
        `the operator ended by itself (${signal ?? `code ${code}`}); its last words:\n${tailOfLog(started.logFile, 5)}`,
      ),
    );
    endings.push(async () => {
      await started.stop(10_000);
    });
    return [started, "a process of its own, as its service account"];
  });
  // Whoever waits for a scene hears of it; nobody else shall.
  for (const one of [cluster, database, ground, installed, node, operator]) one.catch(() => undefined);

  let struck: Ending | undefined;
  const set = async (name: ScenarioName): Promise<Scene> => {
    const scenario: Scenario = SCENARIOS[name];
    const namespace = name === "main" ? "raos" : `raos-${name}`;
    const servers = step("servers and agents", [ground, database], async ([{ ca, keys, first }, databaseUrl]) => {
      const targets = await startTargets({ dir, ca, keys, databaseUrl }, namespace, scenario);
      const stop = async (): Promise<void> => {
        await Promise.all(targets.map(({ at }) => at.stop()));
      };
      endings.push(stop);
      struck = async () => {
        await stop();
        await (await cluster).kubectl(["delete", "namespace", namespace, "--wait=false"]);
      };
      await installFirst(namespace, targets, keys, first);
      return [targets, `${targets.length} of each, real processes; RaOS ${VERSION_BEFORE} is installed on all of them`];
    });
    const people = step("people and their rights", [cluster, installed], async ([at]) => {
      await at.kubectl(["apply", "-f", "-"], { stdin: list(namespaceAndRights(namespace)) });
      return [await kubeconfigs(at, namespace), "author (editor); ann, bob (approvers of OMEGA); by certificate"];
    });
    const registered = step(
      "servers and licences known",
      [cluster, servers, database, people, operator, node],
      async ([at, targets, url]) => {
        const secret = {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { namespace, name: DATABASE_SECRET },
          stringData: { url },
        };
        const known = [secret, ...manifests(namespace, targets, scenario)];
        await at.kubectl(["apply", "-f", "-"], { stdin: list(known) });
        await at.kubectl([
          "wait",
          "--for=condition=Ready",
          "--timeout=60s",
          "--all",
          "-n",
          namespace,
          "servers.ashat.raos.io,mainframes.ashat.raos.io",
        ]);
        const mainframes = targets.filter(({ tier }) => tier === "mainframe").length;
        return [known, `${targets.length - mainframes} Servers and ${mainframes} Mainframes are Ready`];
      },
    );

    // The first failure counts; what is still under way then ends with this process.
    const [{ ca, archives }, targets, at, logins, known] = await Promise.all([
      ground,
      servers,
      cluster,
      people,
      registered,
      database,
      installed,
      node,
      operator,
    ]);
    const { url, sha256 } = await archives.build({
      version: VERSION,
      file: `raos-${VERSION}-${name}.tgz`,
      ...scenario.release,
    });
    const release = { version: VERSION, url, sha256 };
    const next = { url: (await archives.build({ version: NEXT.version })).url, caFile: join(dir, "ca.pem") };
    await writeFile(next.caFile, ca.certPem);
    const places = targets.map(placeOf);
    return {
      dir,
      namespace,
      programs: dirname(at.kubectlPath),
      kubernetes: JSON.parse((await at.kubectl(["version", "-o", "json"])).stdout).serverVersion.gitVersion as string,
      people: logins,
      places,
      caPem: ca.certPem,
      release,
      next,
      update: update(namespace, UPDATE, release, { description: DESCRIPTION }),
      foundation: [...namespaceAndRights(namespace), ...known],
      before: await answersOf(places, ca.certPem),
    };
  };
  return {
    set,
    strike: async () => {
      await struck?.();
      struck = undefined;
    },
  };
}

const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });
