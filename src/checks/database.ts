import { Client, DatabaseError, type QueryConfig } from "pg";
import { type AddressRules, refusalIn } from "../dial/address-rules.ts";
import { isWrongCertificate } from "../dial/trust.ts";
import { notConfigured, unanswered, type Check } from "./check.ts";
import { parseDatabaseUrl, type DatabaseUrl } from "./database-url.ts";
import { judgedSocket } from "./judged-socket.ts";
import { ledger } from "./ledger.ts";
import { codeOf, troubleOf, type Trouble } from "./trouble.ts";
import { ms, plural, quoted } from "./words.ts";
import type { World } from "./world.ts";

const CONNECT_MS = 10_000;
const TRIES = 3;
const PAUSE_MS = 1000;
/** The server is starting, or has no connection left this moment. */
const PASSING = new Set(["57P03", "53300"]);

interface Asked {
  readonly connectMs: number;
  readonly queryMs: number;
  readonly rows: number;
  readonly encrypted: boolean;
}

const askDatabase = async (
  connectionString: string,
  query: string,
  queryDeadlineMs: number,
  addresses: AddressRules,
  world: World,
): Promise<Asked> => {
  // Our own socket, so that a database that hangs is left at once and not when it likes, and only a judged address is connected to.
  const socket = judgedSocket(addresses);
  const stop = (): void => void socket.destroy();
  world.signal.addEventListener("abort", stop, { once: true });
  const client = new Client({
    connectionString,
    stream: () => socket,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: queryDeadlineMs,
    application_name: "ashat-check",
  });
  client.on("error", () => {});
  try {
    const begun = world.monotonic();
    await client.connect();
    const connected = world.monotonic();
    await client.query("BEGIN TRANSACTION READ ONLY");
    const started = world.monotonic();
    // The extended protocol takes one statement only, so that none can end the read-only transaction and go on.
    const statement: QueryConfig & { readonly queryMode: "extended" } = { text: query, queryMode: "extended" };
    const { rows } = await client.query<Record<string, unknown>>(statement);
    const ended = world.monotonic();
    await client.query("ROLLBACK");
    return { connectMs: connected - begun, queryMs: ended - started, rows: rows.length, encrypted: client.ssl };
  } finally {
    world.signal.removeEventListener("abort", stop);
    client.end().catch(() => {});
    setTimeout(stop, 500).unref();
  }
};

/** What the driver says without a code, because the wire protocol has none for it. */
const SPOKEN: readonly (readonly [RegExp, string])[] = [
  [/^timeout expired$/, `does not accept a connection within ${CONNECT_MS} ms`],
  [/^Query read timeout$/, "does not answer the query in time"],
  [/^Connection terminated/, "closed the connection"],
  [/does not support SSL/, "offers no TLS, which the URL demands"],
  [/establishing an SSL connection/, "breaks the TLS handshake, which the URL demands"],
];

const target = (message: string, passing = false): Trouble => ({ at: "target", message, passing, unsent: true });

const troubleWith = (error: unknown, { where, hide }: DatabaseUrl, world: World): Trouble => {
  const text = hide(error instanceof Error ? error.message : String(error));
  if (error instanceof DatabaseError)
    return target(
      `${where} says ${quoted(text, 200)} (SQLSTATE ${error.code ?? "unknown"}).`,
      PASSING.has(error.code ?? ""),
    );
  const spoken = SPOKEN.find(([pattern]) => pattern.test(text));
  if (spoken !== undefined && !world.signal.aborted) return target(`${where} ${spoken[1]}.`);
  const code = codeOf(error);
  const named =
    code === undefined ? new Error(text) : Object.assign(new Error(text, { cause: refusalIn(error) }), { code });
  return troubleOf(named, {
    where,
    deadlineMs: CONNECT_MS,
    late: false,
    stopped: world.signal.aborted,
    wrongCertificate: isWrongCertificate(error),
  });
};

/** A real connection and a real query over the Postgres wire; TLS as the URL's `sslmode` says. */
export const checkDatabase: Check = async ({ checks, databaseUrl, addresses }, _asker, world) => {
  const { database } = checks;
  if (database === undefined) return notConfigured("database");
  const book = ledger();
  const source = `key ${quoted(database.secretRef.key)} of Secret ${quoted(database.secretRef.name)}`;
  if (databaseUrl === undefined || databaseUrl.trim() === "")
    return book.inconclusive(`There is no database URL: ${source} is missing or empty.`);
  const url = parseDatabaseUrl(databaseUrl);
  if (url === undefined)
    return book.inconclusive(
      `The ${source} holds no URL of the form postgres://user:password@host:5432/name; other databases are not supported yet.`,
    );

  const claim = `${url.where} accepts the connection and the query succeeds`;
  for (let tries = 1; ; tries += 1) {
    try {
      const { connectMs, queryMs, rows, encrypted } = await askDatabase(
        url.href,
        database.query,
        database.maxLatencyMs + 1000,
        addresses,
        world,
      );
      book.measure("connectMs", connectMs);
      book.measure("queryMs", queryMs);
      book.measure("rows", rows);
      book.measure("encrypted", encrypted ? "yes" : "no");
      book.assert(claim, true, () => "");
      book.assert(
        `the query takes at most ${database.maxLatencyMs} ms`,
        queryMs <= database.maxLatencyMs,
        () => `the query took ${ms(queryMs)}, more than ${database.maxLatencyMs} ms`,
      );
      return book.close(`The query on ${url.where} returned ${plural(rows, "row")} in ${ms(queryMs)}.`);
    } catch (error) {
      const trouble = troubleWith(error, url, world);
      if (!trouble.passing || tries === TRIES || world.signal.aborted) return unanswered(book, claim, trouble);
      await world.pause(PAUSE_MS);
    }
  }
};
