import { join } from "node:path";
import type { Client } from "../../src/kube/client.ts";
import { ApiError, notFound } from "../../src/kube/errors.ts";
import { type ContainerRun, stamp, startContainer } from "./containerrun.ts";
import { environmentOf } from "./podenv.ts";
import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  type Pod,
  type PodCondition,
  PODS,
  type PodStatus,
  unsupported,
} from "./pod.ts";
import { until } from "./until.ts";

/** Which local command stands for which image. An image that is not named cannot be pulled. */
export type Images = Readonly<Record<string, readonly string[]>>;

export interface PodRun {
  /** The pod as the API server has it now. */
  readonly seen: (pod: Pod) => void;
  /** As a kubelet that is asked to: processes end, the last status is written, then the object goes. */
  readonly terminate: () => void;
  /** As a machine that goes down: processes end, nobody is told. */
  readonly drop: () => Promise<void>;
}

interface Place {
  readonly client: Client;
  readonly images: Images;
  readonly dir: string;
}

type Ending = "Deleted" | "DeadlineExceeded" | "Dropped";

const OURS = new Set(["PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"]);

const isEnded = (state: ContainerState): boolean => "terminated" in state;

const conditionsOf = (
  before: readonly PodCondition[],
  running: boolean,
  finished: boolean,
  now: string,
): readonly PodCondition[] => {
  const wanted: Readonly<Record<string, boolean>> = {
    PodReadyToStartContainers: running,
    Initialized: true,
    ContainersReady: running,
    Ready: running,
  };
  const ours = Object.entries(wanted).map(([type, value]): PodCondition => {
    const status = value ? "True" : "False";
    const old = before.find((condition) => condition.type === type && condition.status === status);
    return (
      old ?? {
        type,
        status,
        ...(value ? {} : { reason: finished ? "PodCompleted" : "ContainersNotReady" }),
        lastTransitionTime: now,
      }
    );
  });
  return [...before.filter(({ type }) => !OURS.has(type)), ...ours];
};

/** Follows one pod from its binding to its end. */
export const runPod = (first: Pod, { client, images, dir }: Place): PodRun => {
  let pod = first;
  let ending: Ending | undefined;
  const stop = new AbortController();
  const at = { namespace: first.metadata.namespace, name: first.metadata.name };
  const startTime = stamp();
  const states = new Map<string, ContainerState>(
    first.spec.containers.map(({ name }) => [name, { waiting: { reason: "ContainerCreating" } }]),
  );
  const processes: ContainerRun[] = [];

  const statusOf = ({ name, image }: Container): ContainerStatus => {
    const state = states.get(name) ?? { waiting: { reason: "ContainerCreating" } };
    const running = "running" in state;
    return {
      name,
      image,
      imageID: images[image] ? `stand-in://${image}` : "",
      ready: running,
      started: running,
      restartCount: 0,
      state,
    };
  };

  /** Written until it is written; a pod that is gone, or another one of the same name, needs no status. */
  const report = async (
    phase: NonNullable<PodStatus["phase"]>,
    more: Pick<PodStatus, "reason" | "message"> = {},
  ): Promise<void> => {
    const finished = phase === "Succeeded" || phase === "Failed";
    await until(
      `the status of pod ${at.namespace}/${at.name} is written`,
      async () => {
        if (ending === "Dropped") return true;
        const status = {
          phase,
          ...more,
          startTime,
          podIP: "127.0.0.1",
          hostIP: "127.0.0.1",
          conditions: conditionsOf(pod.status?.conditions ?? [], phase === "Running", finished, stamp()),
          containerStatuses: states.size === 0 ? [] : pod.spec.containers.map(statusOf),
        };
        try {
          await client.mergePatch(PODS, at, { metadata: { uid: pod.metadata.uid }, status }, { subresource: "status" });
        } catch (error) {
          if (notFound(error)) return true;
          if (error instanceof ApiError && error.status === 409 && error.message.includes("uid")) return true;
          throw error;
        }
        return true;
      },
      { everyMs: 300, timeoutMs: 120_000 },
    );
  };

  const endsSoon = (how: Ending, graceMs: number): void => {
    if (ending !== undefined && how !== "Dropped") return;
    ending = how;
    stop.abort();
    for (const process of processes) void process.stop(graceMs);
  };

  const stopped = (): Promise<void> =>
    stop.signal.aborted
      ? Promise.resolve()
      : new Promise((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }));

  const cannotPull = (): boolean => {
    let missing = false;
    for (const { name, image, imagePullPolicy } of pod.spec.containers) {
      if (images[image]) continue;
      missing = true;
      const never = imagePullPolicy === "Never";
      states.set(name, {
        waiting: never
          ? {
              reason: "ErrImageNeverPull",
              message: `Container image "${image}" is not present with pull policy of Never`,
            }
          : { reason: "ErrImagePull", message: `failed to pull image "${image}": not found` },
      });
    }
    return missing;
  };

  /** Starts every container whose environment is there; waits for what is missing, as a real kubelet does. */
  const startAll = async (): Promise<void> => {
    for (const container of pod.spec.containers) {
      let told = "";
      const environment = await until<Readonly<Record<string, string>>>(
        `container ${container.name} can be configured`,
        async () => {
          try {
            return await environmentOf(client, pod, container);
          } catch (error) {
            const message = error instanceof Error ? error.message : String(error);
            states.set(container.name, { waiting: { reason: "CreateContainerConfigError", message } });
            if (message !== told) await report("Pending");
            told = message;
            return undefined;
          }
        },
        { everyMs: 1000, timeoutMs: Number.POSITIVE_INFINITY, signal: stop.signal },
      );
      stop.signal.throwIfAborted();
      const process = await startContainer(
        pod,
        container,
        images[container.image] ?? [],
        environment,
        join(dir, pod.metadata.uid),
      );
      processes.push(process);
      if (stop.signal.aborted) void process.stop(0);
      states.set(container.name, { running: { startedAt: process.startedAt } });
    }
  };

  const follow = async (): Promise<void> => {
    const reason = unsupported(pod);
    if (reason !== undefined) {
      states.clear();
      return report("Failed", {
        reason: "StandInUnsupported",
        message: `the stand-in for the kubelet does not run this: ${reason}`,
      });
    }
    if (cannotPull()) {
      await report("Pending");
      for (const [name, state] of states) {
        if ("waiting" in state && state.waiting.reason === "ErrImagePull") {
          states.set(name, {
            waiting: { reason: "ImagePullBackOff", message: `Back-off pulling image: ${state.waiting.message}` },
          });
        }
      }
      await report("Pending");
      await stopped();
    } else {
      await startAll().catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
      if (!stop.signal.aborted) await report("Running");
      await Promise.all(processes.map(async ({ name, ended }) => states.set(name, { terminated: await ended })));
    }
    const finished = [...states.values()];
    const good = finished.every((state) => "terminated" in state && state.terminated.exitCode === 0);
    if (ending === "DeadlineExceeded") {
      return report("Failed", {
        reason: "DeadlineExceeded",
        message: "Pod was active on the node longer than the specified deadline",
      });
    }
    return report(good && finished.every(isEnded) ? "Succeeded" : "Failed");
  };

  const remove = (): Promise<unknown> =>
    until(
      `pod ${at.namespace}/${at.name} is removed`,
      async () => {
        if (ending === "Dropped") return true;
        try {
          await client.remove(PODS, at, { gracePeriodSeconds: 0, uid: pod.metadata.uid });
        } catch (error) {
          if (!notFound(error) && !(error instanceof ApiError && error.status === 409)) throw error;
        }
        return true;
      },
      { everyMs: 300, timeoutMs: 120_000 },
    );

  const followed = follow();
  const deadline = first.spec.activeDeadlineSeconds;
  const clock =
    deadline === undefined ? undefined : setTimeout(() => endsSoon("DeadlineExceeded", 2000), deadline * 1000);
  const trouble = (error: unknown): void => console.error(`stand-in: pod ${at.namespace}/${at.name}:`, error);
  void followed.catch(trouble).finally(() => clearTimeout(clock));
  let removal: Promise<unknown> | undefined;

  return {
    seen: (now) => {
      pod = now;
    },
    terminate: () => {
      endsSoon("Deleted", (pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000);
      removal ??= followed.then(remove).catch(trouble);
    },
    drop: async () => {
      endsSoon("Dropped", 500);
      await followed.catch(trouble);
    },
  };
};
