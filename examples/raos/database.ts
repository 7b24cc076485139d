import { Client, Pool } from "pg";
import type { Context } from "./loaded.ts";

/** Makes the sample's one table, over the Postgres wire; may be run again. */
export const prepareDatabase = async (connectionString: string): Promise<void> => {
  const client = new Client({ connectionString, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(
      "create table if not exists items (id integer primary key, name text not null, price_cents integer not null)",
    );
    await client.query(
      "insert into items values (1, 'Licence', 49900), (2, 'Support', 9900), (3, 'Training', 120000) on conflict (id) do nothing",
    );
  } finally {
    await client.end();
  }
};

export class NoDatabase extends Error {
  override readonly name = "NoDatabase";
}

/** Connections are opened when they are needed and given back soon: a small database may take one at a time. */
export const openDatabase = (
  connectionString: string | undefined,
): { readonly query: Context["query"]; readonly close: () => Promise<void> } => {
  if (connectionString === undefined) {
    return { query: () => Promise.reject(new NoDatabase("no DATABASE_URL is set")), close: () => Promise.resolve() };
  }
  const pool = new Pool({ connectionString, max: 1, idleTimeoutMillis: 1_000, connectionTimeoutMillis: 5_000 });
  pool.on("error", () => undefined);
  return {
    query: async (sql) => (await pool.query<Record<string, unknown>>(sql)).rows,
    close: () => pool.end(),
  };
};
