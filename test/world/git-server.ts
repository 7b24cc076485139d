import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeAtDeath } from "../cluster/guard.ts";
import type { Issued } from "../cluster/pki.ts";
import { createRepository, type GitRepository, GIT_ENV, type RepositoryOptions } from "./git-repository.ts";

/**
 * A real Git server on this machine: `git http-backend` as a CGI program behind a small server, over bare repositories in a temporary folder.
 *
 *   const git = await startGitServer({ certificate, credentials: { username: "bot", password: "s3cret" } });
 *   const repository = await git.repository("deploy");        // git.url + "/deploy.git", branch main, one commit
 *   const revision = await repository.commit({ "apps/shop.yaml": "..." }, "Shop 1.2.0");
 *   await repository.read("apps/shop.yaml");                  // what main has now
 *   await repository.protect("main");                         // pushes to it are refused in GitHub's words
 *   await git.stop();
 *
 * Without a certificate it speaks plain HTTP; without credentials anybody reads and pushes. `repository.dir` is the bare repository itself, for
 * another door to it, such as sshd.
 */
export interface GitServer {
  /** `https://<host>:<port>`, without credentials. */
  readonly url: string;
  /** Where the bare repositories are. */
  readonly dir: string;
  readonly repository: (name: string, options?: RepositoryOptions) => Promise<ServedRepository>;
  /** Requests that came so far, as `GET /deploy.git/info/refs?service=git-upload-pack 200`. */
  readonly came: readonly string[];
  readonly stop: () => Promise<void>;
}

export type ServedRepository = GitRepository & { readonly url: string };

export interface GitServerOptions {
  readonly certificate?: Issued;
  /** What whoever comes must send as basic authentication; without a username any goes, as with a token. */
  readonly credentials?: { readonly username?: string; readonly password: string };
  /** The address it listens on, and is named by; loopback by default. */
  readonly host?: string;
}

type Credentials = GitServerOptions["credentials"];

const isAllowed = (credentials: Credentials, header: string | undefined): boolean => {
  if (credentials === undefined) return true;
  const [, encoded = ""] = /^Basic (\S+)$/i.exec(header ?? "") ?? [];
  const [username, ...password] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  return (
    password.join(":") === credentials.password &&
    (credentials.username === undefined || username === credentials.username)
  );
};

const cgiEnvironment = (dir: string, request: IncomingMessage, url: URL): NodeJS.ProcessEnv => {
  const { headers } = request;
  const optional = {
    CONTENT_TYPE: headers["content-type"],
    CONTENT_LENGTH: headers["content-length"],
    HTTP_CONTENT_ENCODING: headers["content-encoding"],
    GIT_PROTOCOL: headers["git-protocol"],
  };
  return {
    ...GIT_ENV,
    GIT_PROJECT_ROOT: dir,
    GIT_HTTP_EXPORT_ALL: "1",
    REQUEST_METHOD: request.method ?? "GET",
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REMOTE_ADDR: "127.0.0.1",
    // Whoever came this far may push: what a branch refuses is the business of its hook.
    REMOTE_USER: "git",
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
};

/** Gives back what the CGI program says: lines of headers, an empty line, the body; the status is a header. */
const handBack = async (program: ChildProcessWithoutNullStreams, response: ServerResponse): Promise<void> => {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const part of program.stdout as AsyncIterable<Buffer>) {
    if (head === undefined) {
      if (!response.write(part)) await once(response, "drain");
      continue;
    }
    head = Buffer.concat([head, part]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) continue;
    for (const line of head.subarray(0, end).toString("latin1").split("\r\n")) {
      const [name = "", ...value] = line.split(": ");
      if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value.join(": "), 10);
      else response.setHeader(name, value.join(": "));
    }
    response.write(head.subarray(end + 4));
    head = undefined;
  }
  if (head !== undefined) response.statusCode = 500;
  response.end();
};

export async function startGitServer({
  certificate,
  credentials,
  host = "127.0.0.1",
}: GitServerOptions = {}): Promise<GitServer> {
  const dir = await mkdtemp(join(tmpdir(), "ashat-git-"));
  removeAtDeath(dir);
  const came: string[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.once("close", () => came.push(`${request.method} ${request.url} ${response.statusCode}`));
    if (!isAllowed(credentials, request.headers.authorization)) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("Authentication failed\n");
      return;
    }
    const url = new URL(request.url ?? "/", "http://git");
    const program = spawn("git", ["http-backend"], { env: cgiEnvironment(dir, request, url) });
    // A program that refuses early does not read to the end of what it is sent.
    program.stdin.on("error", () => {});
    program.stderr.resume();
    request.pipe(program.stdin);
    response.once("close", () => program.kill());
    await handBack(program, response);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => request.socket.destroy());
  };
  const server =
    certificate === undefined
      ? createPlain(listener)
      : createServer({ cert: certificate.certPem, key: certificate.keyPem }, listener);
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `${certificate === undefined ? "http" : "https"}://${host}:${port}`;
  return {
    url,
    dir,
    came,
    repository: async (name, options) => ({
      ...(await createRepository(join(dir, `${name}.git`), options)),
      url: `${url}/${name}.git`,
    }),
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
