import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent } from "undici";
import { accessTo, type ClusterAccess } from "./access.ts";
import { findControlPlane, findOlderApiServer } from "./binaries.ts";
import { apiServer, controllerManager, etcd, HOST, type Layout, scheduler } from "./controlplane.ts";
import { writeFiles } from "./files.ts";
import { type Guarded, type Program, removeAtDeath, startGuarded, tailOfLog } from "./guard.ts";
import { freePorts } from "./ports.ts";
import { type OnProgress, reported } from "./progress.ts";
import { readiness } from "./ready.ts";
import { useContext } from "./context.ts";

export interface ClusterOptions {
  /** Log every answered request, for `auditEvents()`. */
  readonly auditLog?: boolean;
  /** Keep everything of this run here, instead of in a temporary folder that goes away with it. */
  readonly dir?: string;
  readonly onProgress?: OnProgress;
  /** An API server of 1.34, the last without MutatingAdmissionPolicy v1, among programs of the newest; built when first asked for. */
  readonly apiServer?: "1.34";
  /** Where real nodes and their pods reach the API server (`nodeNetwork()`): it then listens on every address of this machine. */
  readonly address?: string;
}

export interface Cluster extends ClusterAccess {
  /** Whether the control plane is ours, so that it can be stopped, restarted and audited. */
  readonly owned: boolean;
  readonly stop: () => Promise<void>;
  /** Ends the API server as a crash would (open watches are cut), and returns when its port is closed. */
  readonly stopApiServer: () => Promise<void>;
  /** Starts it again on the same port and waits until custom kinds can be written. */
  readonly startApiServer: () => Promise<void>;
  readonly restartApiServer: () => Promise<void>;
  /** Remembers all that is stored now; the function that comes back takes the cluster there again, whatever its clients have seen since. */
  readonly remember: () => Promise<() => Promise<void>>;
}

// A graceful end waits half a minute for open watches; all state is in etcd, so a forced one loses nothing.
const GRACE_MS = 1000;

const startOwned = async (
  programs: string,
  { auditLog, dir: wanted, onProgress, apiServer: version, address }: ClusterOptions,
): Promise<Cluster> => {
  const apiServerFrom = version === undefined ? undefined : await findOlderApiServer(onProgress);
  const dir = wanted ?? (await mkdtemp(join(tmpdir(), "ashat-cluster-")));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (wanted === undefined) removeAtDeath(dir);
  const [etcdPort = 0, etcdPeerPort = 0, apiPort = 0] = await freePorts(3);
  const layout: Layout = {
    dir,
    programs,
    etcdPort,
    etcdPeerPort,
    apiPort,
    ...(apiServerFrom === undefined ? {} : { apiServerFrom }),
    ...(auditLog ? { auditLog: join(dir, "audit.log") } : {}),
    ...(address === undefined ? {} : { address }),
  };
  const server = `https://${HOST}:${apiPort}`;
  const files = await writeFiles(dir, server, address);
  const agent = new Agent({ connect: { ca: files.ca.certPem, cert: files.admin.certPem, key: files.admin.keyPem } });
  const died = new AbortController();
  const running = new Map<string, Guarded>();
  const start = async (program: Program): Promise<void> => {
    const child = await startGuarded(program);
    running.set(program.name, child);
    const noticeDeath = async (): Promise<void> => {
      await child.exited;
      // Whoever ends it takes it off the list first.
      if (running.get(program.name) === child)
        died.abort(new Error(`${program.name} ended by itself; the end of its log:\n${tailOfLog(program.logFile)}`));
    };
    void noticeDeath();
  };
  const end = async (name: string): Promise<void> => {
    const child = running.get(name);
    running.delete(name);
    await child?.stop(GRACE_MS);
  };
  const stop = async (): Promise<void> => {
    // Clients, then the API server, then etcd: an API server without its etcd hangs for minutes.
    await Promise.all([end("kube-controller-manager"), end("kube-scheduler")]);
    await end("kube-apiserver");
    await end("etcd");
    await agent.destroy();
    if (wanted === undefined) await rm(dir, { recursive: true, force: true });
  };
  const ready = readiness(server, agent, died.signal);
  const startApiServer = async (): Promise<void> => {
    await start(apiServer(layout));
    await ready.untilServing();
  };
  try {
    await reported(
      onProgress,
      "starting etcd, kube-apiserver, kube-controller-manager, kube-scheduler",
      [],
      async () => {
        await Promise.all([start(etcd(layout)), startApiServer()]);
        // The controller manager gives up when no API server answers within ten seconds, so it comes after.
        await Promise.all([
          start(controllerManager(layout)),
          start(scheduler(layout)),
          ready.untilCustomKindsCanBeWritten(),
        ]);
      },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const startAgain = async (): Promise<void> => {
    await startApiServer();
    await ready.untilCustomKindsCanBeWritten();
  };
  const etcdDir = join(dir, "etcd");
  /** Etcd stands still meanwhile, so that its files are whole. */
  const whileStopped = async (work: () => Promise<void>): Promise<void> => {
    await Promise.all([end("kube-controller-manager"), end("kube-scheduler")]);
    await end("kube-apiserver");
    await end("etcd");
    await work();
    await start(etcd(layout));
    await startAgain();
    await Promise.all([start(controllerManager(layout)), start(scheduler(layout))]);
  };
  const access = accessTo({
    dir,
    server,
    caPem: files.ca.certPem,
    kubeconfig: files.kubeconfig,
    kubectlPath: join(programs, "kubectl"),
    caFile: files.caFile,
    ...(layout.auditLog === undefined ? {} : { auditLog: layout.auditLog }),
  });
  return {
    ...access,
    owned: true,
    stop,
    stopApiServer: () => end("kube-apiserver"),
    startApiServer: startAgain,
    restartApiServer: async () => {
      await end("kube-apiserver");
      await startAgain();
    },
    remember: async () => {
      const kept = await mkdtemp(join(dir, "kept-"));
      await whileStopped(() => cp(etcdDir, kept, { recursive: true }));
      return () =>
        whileStopped(async () => {
          await rm(etcdDir, { recursive: true, force: true });
          await cp(kept, etcdDir, { recursive: true });
        });
    },
  };
};

/** A real Kubernetes control plane; where it comes from is decided in `binaries.ts`. */
export const startCluster = async (options: ClusterOptions = {}): Promise<Cluster> => {
  const plane = await findControlPlane(options.onProgress);
  return plane.kind === "context"
    ? useContext(plane.context, plane.kubectl, options.dir)
    : startOwned(plane.folder, options);
};
