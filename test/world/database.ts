import { join } from "node:path";
import { prepareDatabase } from "../../examples/raos/database.ts";
import { startGuarded } from "../cluster/guard.ts";
import { freePorts } from "../cluster/ports.ts";
import { until } from "../cluster/until.ts";

/** One database for all servers of a world: PGlite, which is Postgres in WebAssembly, over the real wire. No TLS, any password. */
export interface Database {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startDatabase(dir: string): Promise<Database> {
  const [port = 0] = await freePorts(1);
  const server = await startGuarded({
    name: "database",
    command: process.execPath,
    args: [new URL("./pglite.ts", import.meta.url).pathname, String(port)],
    logFile: join(dir, "database.log"),
    env: { PATH: process.env["PATH"] },
  });
  const url = `postgres://raos:sample@127.0.0.1:${port}/postgres?sslmode=disable`;
  await until("the database takes queries", () => prepareDatabase(url).then(() => true), { timeoutMs: 60_000 });
  return {
    url,
    stop: async () => {
      await server.stop(1_000);
    },
  };
}
