import { createRequire } from "node:module";

/**
 * A real K3s in Docker, by testcontainers. This file is as thin as it is because it has never run: where it was written there was no Docker
 * engine. The types below are the part of the library that it uses, compared once with those of the locked version.
 */
interface Library {
  readonly K3sContainer: new (image: string) => {
    start(): Promise<{
      getId(): string;
      getKubeConfig(): string;
      copyFilesToContainer(files: { source: string; target: string }[]): Promise<void>;
      exec(command: string[]): Promise<{ output: string; exitCode: number }>;
      stop(): Promise<unknown>;
    }>;
  };
}

interface Engine {
  readonly getContainerRuntimeClient: () => Promise<{
    readonly container: {
      getById(id: string): {
        inspect(): Promise<{ NetworkSettings: { Networks: Record<string, { Gateway: string }> } }>;
      };
    };
  }>;
}

// Installed beside this file when it is asked for, so that nobody else has it.
const require = createRequire(import.meta.url);

/** Why there is no Docker here; undefined where an engine answers. */
export async function noDocker(): Promise<string | undefined> {
  const { getContainerRuntimeClient } = require("testcontainers") as Engine;
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface K3s {
  readonly kubeconfig: string;
  /** This machine, as its pods reach it. */
  readonly host: string;
  readonly stop: () => Promise<void>;
}

const IMPORTED = "/ashat-image.tar";

/** Starts it with one image of an archive in its containerd. */
export async function startK3s(version: string, archive: string): Promise<K3s> {
  const { K3sContainer } = require("@testcontainers/k3s") as Library;
  const { getContainerRuntimeClient } = require("testcontainers") as Engine;
  const started = await new K3sContainer(version).start();
  const stop = async (): Promise<void> => {
    await started.stop();
  };
  try {
    await started.copyFilesToContainer([{ source: archive, target: IMPORTED }]);
    const { exitCode, output } = await started.exec(["ctr", "--namespace", "k8s.io", "images", "import", IMPORTED]);
    if (exitCode !== 0) throw new Error(`K3s does not take the image: ${output.trim()}`);
    const client = await getContainerRuntimeClient();
    const { NetworkSettings } = await client.container.getById(started.getId()).inspect();
    const host = Object.values(NetworkSettings.Networks)[0]?.Gateway;
    if (host === undefined || host === "") throw new Error("Docker names no gateway of the network K3s is in.");
    return { kubeconfig: started.getKubeConfig(), host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
