import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AddressRules } from "../../dial/address-rules.ts";
import { ANYBODY, secretsIn } from "./credentials.ts";
import { judgedAddresses } from "./judge.ts";
import { remoteOf, type Remote } from "./remote.ts";
import { sshConfig } from "./ssh-config.ts";
import { sessionFolder } from "./sweep.ts";
import type { GitPlace } from "./target.ts";

/** What one operation on one repository needs: an environment by hand, and files that are gone when it ends. */
export interface Session {
  readonly remote: Remote;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly signingKey: string | undefined;
  readonly secrets: readonly string[];
  readonly close: () => Promise<void>;
}

const basicOf = ({ credentials: { basic, token, username } }: GitPlace): string | undefined => {
  if (basic !== undefined) return Buffer.from(`${basic.username}:${basic.password}`).toString("base64");
  return token === undefined ? undefined : Buffer.from(`${username ?? ANYBODY}:${token}`).toString("base64");
};

/** Git's configuration through the environment: nothing of it stands on a command line or in a file. */
const configured = (settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const entries = Object.entries(settings);
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(entries.length)],
    ...entries.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]) as Readonly<Record<string, string>>;
};

export async function openSession(folder: string, place: GitPlace, addresses: AddressRules): Promise<Session> {
  const remote = remoteOf(place);
  const found = await judgedAddresses(addresses, remote);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await mkdtemp(sessionFolder(folder));
  const close = (): Promise<void> => rm(own, { recursive: true, force: true });
  try {
    const file = async (name: string, text: string): Promise<string> => {
      const path = join(own, name);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    };
    const { credentials } = place;
    const { origin } = remote.protocol === "ssh" ? { origin: "" } : new URL(remote.url);
    const basic = remote.protocol === "https" ? basicOf(place) : undefined;
    const settings: Record<string, string> = {
      // Larger files go through git and not into its memory, whatever the server sends.
      "core.bigFileThreshold": "1m",
      "core.deltaBaseCacheLimit": "16m",
      "core.hooksPath": "/dev/null",
      "core.fsmonitor": "false",
      "credential.helper": "",
      "fetch.recurseSubmodules": "false",
      // All of it into packs, where one sees how much comes.
      "fetch.unpackLimit": "1",
      "gc.autoDetach": "false",
      "http.curloptResolve": `${remote.host}:${remote.port}:${found.map((at) => (at.includes(":") ? `[${at}]` : at)).join(",")}`,
      "http.followRedirects": "false",
      "http.lowSpeedLimit": "1000",
      "http.lowSpeedTime": "20",
      "pack.deltaCacheSize": "16m",
      "pack.threads": "1",
      "pack.windowMemory": "32m",
      "push.recurseSubmodules": "no",
      "transfer.credentialsInUrl": "die",
    };
    if (basic !== undefined) settings[`http.${origin}/.extraHeader`] = `Authorization: Basic ${basic}`;
    if (credentials.ca !== undefined) settings["http.sslCAInfo"] = await file("ca.crt", credentials.ca);
    const signingKey =
      credentials.signingKey === undefined ? undefined : await file("signing-key", credentials.signingKey);
    if (signingKey !== undefined) {
      settings["gpg.format"] = "ssh";
      settings["user.signingKey"] = signingKey;
    }
    const ssh =
      remote.protocol === "ssh" && credentials.ssh !== undefined
        ? await file(
            "ssh_config",
            sshConfig(remote, found, {
              identity: await file("identity", credentials.ssh.identity),
              knownHosts: await file("known_hosts", credentials.ssh.knownHosts),
            }),
          )
        : undefined;
    const env = {
      PATH: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
      LC_ALL: "C",
      HOME: own,
      XDG_CONFIG_HOME: own,
      TMPDIR: own,
      // More than this at once is taken by a file, or a delta, that was made for it; git ends where it would.
      GIT_ALLOC_LIMIT: String(64 * 1024 * 1024),
      GIT_ALLOW_PROTOCOL: remote.protocol,
      GIT_ATTR_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_LITERAL_PATHSPECS: "1",
      GIT_NO_REPLACE_OBJECTS: "1",
      GIT_TERMINAL_PROMPT: "0",
      ...(ssh !== undefined && {
        GIT_SSH_COMMAND: `ssh -F '${ssh.replaceAll("'", `'\\''`)}'`,
        GIT_SSH_VARIANT: "ssh",
      }),
      ...configured(settings),
    };
    const secrets = secretsIn(credentials);
    return { remote, env, folder: own, signingKey, secrets, close };
  } catch (error) {
    await close();
    throw error;
  }
}
