import type { Remote } from "./remote.ts";

/** In a configuration of ssh a path stands in quotes, and a percent sign begins a word of its own. */
const quoted = (path: string): string => `"${path.replaceAll("%", "%%")}"`;

/** Everything ssh may do, in a file of its own: nobody's agent, nobody's other keys, no question, only hosts that are known. */
export const sshConfig = (
  { host, port }: Remote,
  addresses: readonly string[],
  files: { readonly identity: string; readonly knownHosts: string },
): string =>
  [
    "Host *",
    `HostName ${addresses[0] ?? host}`,
    // The address is the judged one; the key is that of the name.
    `HostKeyAlias ${port === 22 ? host : `[${host}]:${port}`}`,
    `IdentityFile ${quoted(files.identity)}`,
    `UserKnownHostsFile ${quoted(files.knownHosts)}`,
    "GlobalKnownHostsFile /dev/null",
    "IdentitiesOnly yes",
    "IdentityAgent none",
    "StrictHostKeyChecking yes",
    "UpdateHostKeys no",
    "CheckHostIP no",
    "VerifyHostKeyDNS no",
    "BatchMode yes",
    "PreferredAuthentications publickey",
    "ForwardAgent no",
    "ForwardX11 no",
    "ClearAllForwardings yes",
    "PermitLocalCommand no",
    "ControlMaster no",
    "ControlPath none",
    "ProxyCommand none",
    "ConnectTimeout 10",
    "ServerAliveInterval 10",
    "ServerAliveCountMax 2",
    "LogLevel ERROR",
    "",
  ].join("\n");
