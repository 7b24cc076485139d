import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orderKey } from "../../src/api/order.ts";
import type { Assignment } from "../../src/delivery/assignment.ts";
import { gitDeliverer, type GitDeliverer, type GitDelivererOptions } from "../../src/delivery/git/deliverer.ts";
import { createCommitSeal } from "../../src/delivery/git/seal.ts";
import { parseGitCredentials, type GitCredentials } from "../../src/delivery/git/credentials.ts";
import type { GitPlace } from "../../src/delivery/git/target.ts";
import { generateKeys, parseSigningKey } from "../../src/licence/keys.ts";
import { addressRules } from "../../src/dial/address-rules.ts";
import { createCa, issue, type Ca } from "../cluster/pki.ts";
import { removeAtDeath } from "../cluster/guard.ts";
import { type GitServer, startGitServer } from "./git-server.ts";

/** A real Git server behind TLS with a password, and deliverers as an operator has them. */
export interface GitScene {
  readonly ca: Ca;
  readonly git: GitServer;
  readonly folder: string;
  readonly deliverer: (more?: Partial<GitDelivererOptions>) => Promise<GitDeliverer>;
  readonly place: (url: string, more?: Partial<GitPlace>) => GitPlace;
  readonly end: () => Promise<void>;
}

export const PASSWORD = "s3cret-of-the-bot";

/** Credentials as they come out of a Secret. */
export function credentialsOf(secret: Readonly<Record<string, string>>): GitCredentials {
  const parsed = parseGitCredentials(
    Object.fromEntries(Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
  );
  if (!parsed.ok) throw new Error(parsed.problems.join(" "));
  return parsed.credentials;
}

/** The one of the operator's key in every test of this process. */
export const ORDER_KEY = (await generateKeys()).privateJwk;
export const SEAL = await createCommitSeal(await parseSigningKey(ORDER_KEY));

export const REF = "registry.example/ra";
export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
export const LOOPBACK = addressRules({ allow: ["127.0.0.0/8"], remedy: (range) => `Allow it with ${range}.` });

export const kustomization = (version: string, letter: string): string =>
  `# what runs\nresources:\n- ../base\nimages:\n- name: ${REF}   # the shop\n  newTag: ${version}\n  digest: ${digest(letter)}\n`;

export async function openGitScene(): Promise<GitScene> {
  const ca = await createCa("git");
  const certificate = await issue(ca, { commonName: "git", ips: ["127.0.0.1"], dns: ["localhost"] });
  const git = await startGitServer({ certificate, credentials: { username: "bot", password: PASSWORD } });
  const folder = await mkdtemp(join(tmpdir(), "ashat-git-scene-"));
  removeAtDeath(folder);
  const opened: GitDeliverer[] = [];
  return {
    ca,
    git,
    folder,
    deliverer: async (more = {}) => {
      const own = await mkdtemp(join(folder, "operator-"));
      const deliverer = gitDeliverer({ folder: own, addresses: LOOPBACK, now: Date.now, seal: SEAL, ...more });
      opened.push(deliverer);
      return deliverer;
    },
    place: (url, more = {}) => ({
      name: "shop/staging",
      uid: "uid-1",
      url,
      branch: "main",
      path: "apps/{app}/staging",
      credentials: credentialsOf({ username: "bot", password: PASSWORD, "ca.crt": ca.certPem }),
      ...more,
    }),
    end: async () => {
      await Promise.all(opened.map((deliverer) => deliverer.close()));
      await git.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The delivery of an image under a sequence. */
export function assignment(
  sequence: number,
  version: string,
  letter: string,
  more: Partial<Assignment> = {},
): Assignment {
  const app = more.app ?? "ra";
  const layer = more.layer ?? "main";
  return {
    key: orderKey({ targetUid: "uid-1", app, layer, sequence }),
    app,
    layer,
    sequence,
    version,
    digest: digest(letter),
    action: { do: "deliver", artifact: { image: { ref: REF, digest: digest(letter) } } },
    update: { name: `ra-${version}`, uid: "deployment-uid", description: "Critical security fixes" },
    token: "0123456789abcdef",
    approvers: ["ann", "ben"],
    expiresAt: Date.now() + 600_000,
    ...more,
  };
}

/** What puts back the sequence `undoes`. */
export const restoring = (sequence: number, undoes: number, version: string, letter: string): Assignment =>
  assignment(sequence, version, letter, { action: { do: "restore", undoes } });
