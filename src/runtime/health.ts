import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A sentence saying what is wrong, or undefined when all is well. */
export type Check = () => string | undefined;
export type Checks = Readonly<Record<string, Check>>;

const verdict = (checks: Checks): { readonly ok: boolean; readonly text: string } => {
  let ok = true;
  const rows = Object.entries(checks).map(([name, check]) => {
    let wrong: string | undefined;
    try {
      wrong = check();
    } catch (error) {
      wrong = `the check itself failed: ${String(error)}`;
    }
    ok &&= wrong === undefined;
    return wrong === undefined ? `[+] ${name}` : `[-] ${name}: ${wrong}`;
  });
  return { ok, text: `${[...rows, ok ? "ok" : "not ok"].join("\n")}\n` };
};

/** Serves /healthz (restart me if this fails), /readyz (send me work only if this passes) and what else there is. Port 0 takes a free one. */
export const serveHealth = async (options: {
  readonly port: number;
  readonly host?: string;
  readonly healthy: Checks;
  readonly ready: Checks;
  /** What else is told, by path. */
  readonly pages?: Readonly<Record<string, { readonly type: string; readonly text: () => Promise<string> }>>;
}): Promise<{ readonly port: number; readonly close: () => Promise<void> }> => {
  const probes: Readonly<Record<string, Checks>> = { "/healthz": options.healthy, "/readyz": options.ready };
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "";
    const page = options.pages?.[path];
    if (page !== undefined) {
      page.text().then(
        (text) => response.writeHead(200, { "content-type": page.type, "cache-control": "no-store" }).end(text),
        () => response.writeHead(500).end("this page failed\n"),
      );
      return;
    }
    const checks = probes[path];
    const answer = checks === undefined ? undefined : verdict(checks);
    response.writeHead(answer === undefined ? 404 : answer.ok ? 200 : 503, {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
    });
    response.end(answer?.text ?? "not found\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
};
