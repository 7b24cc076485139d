import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, chown, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { deadPort, type Identity } from "./scene.ts";

const run = promisify(execFile);

/** Debian keeps the programs off PATH. */
const findPrograms = async (): Promise<string | undefined> => {
  const debian = "/usr/lib/postgresql";
  const versions = await readdir(debian).catch(() => []);
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  for (const folder of folders) {
    const there = await Promise.all(
      ["initdb", "postgres"].map((name) =>
        access(join(folder, name)).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (there.every(Boolean)) return folder;
  }
  return undefined;
};

/** Postgres refuses to run as root, so there it runs as the account its package made. */
const account = async (): Promise<{ readonly uid: number; readonly gid: number } | undefined> => {
  const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (me.uid !== 0) return me;
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
};

export interface Postgres {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** A real Postgres with TLS and passwords (SCRAM), or why there is none here. */
export const startPostgres = async (
  who: Identity,
  password: string,
): Promise<Postgres | { readonly missing: string }> => {
  const [programs, as] = await Promise.all([findPrograms(), account()]);
  if (programs === undefined || as === undefined)
    return { missing: "there is no PostgreSQL on this machine (Debian: apt-get install postgresql)" };
  const folder = await mkdtemp(join(tmpdir(), "ashat-postgres-"));
  const data = join(folder, "data");
  const own = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    await chown(path, as.uid, as.gid);
    await chmod(path, 0o600);
    return path;
  };
  await chown(folder, as.uid, as.gid);
  const [passwordFile, cert, key] = await Promise.all([
    own("password", password),
    own("cert.pem", who.cert),
    own("key.pem", who.key),
  ]);
  await run(
    join(programs, "initdb"),
    ["-D", data, "-U", "ra", "-A", "scram-sha-256", "--pwfile", passwordFile, "--no-sync", "--no-locale", "-E", "UTF8"],
    { ...as, cwd: folder },
  );
  const port = await deadPort();
  const settings = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${folder}`,
    "ssl=on",
    `ssl_cert_file=${cert}`,
    `ssl_key_file=${key}`,
    "fsync=off",
  ];
  const server = spawn(join(programs, "postgres"), ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
    ...as,
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  for await (const part of server.stderr.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    said += part.toString();
    if (said.includes("ready to accept connections")) break;
  }
  server.stderr.resume();
  if (!said.includes("ready to accept connections")) throw new Error(`Postgres did not start: ${said}`);
  return {
    port,
    stop: async () => {
      const ended = once(server, "exit");
      server.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
};
