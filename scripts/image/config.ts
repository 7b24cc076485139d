import manifest from "../../package.json" with { type: "json" };
import { UID } from "./base.ts";
import type { Layer } from "./layer.ts";

/** How the image runs, for the archive and, compared by a test, for the Dockerfile. */
export const RUN = {
  User: `${UID}:${UID}`,
  Env: ["PATH=/usr/bin", "HOME=/home/nonroot", "NODE_ENV=production"],
  Entrypoint: ["/usr/bin/node", "/ashat.mjs"],
  WorkingDir: "/",
  Labels: {
    "org.opencontainers.image.title": "ashat",
    "org.opencontainers.image.description": manifest.description,
    "org.opencontainers.image.version": manifest.version,
    "org.opencontainers.image.licenses": manifest.license,
  },
} as const;

const ARCHITECTURE: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export const timeOf = (epoch: number): string => `${new Date(epoch * 1000).toISOString().slice(0, 19)}Z`;

/** The image configuration as its bytes: its hash is the id of the image. */
export const configOf = (layers: readonly Layer[], epoch: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      architecture: ARCHITECTURE[process.arch] ?? process.arch,
      os: "linux",
      created: timeOf(epoch),
      config: RUN,
      rootfs: { type: "layers", diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
      history: layers.map(({ name }) => ({ created: timeOf(epoch), created_by: `scripts/image.ts: ${name}` })),
    }),
  );
