import { readFileSync, statSync, type BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import type { Server } from "node:https";
import { said } from "./failure.ts";
import type { Workshop } from "./workshop.ts";

/** Keys and certificates are replaced in their files, by a person or by a program; whoever uses them looks whether they were. */

/** Changes with every change of a file, also where another one took its place. */
const markOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(" ");

/** What is in a file now. Where it makes no sense, as in the middle of a change, what was there before still counts. */
export const followed = async <Value>(
  path: string,
  read: (path: string) => Promise<Value>,
  log: Workshop["log"],
): Promise<() => Promise<Value>> => {
  const mark = (): Promise<string> =>
    stat(path, { bigint: true }).then(markOf, (error: NodeJS.ErrnoException) => error.code ?? error.message);
  let known = await mark();
  let value: Promise<Value> = read(path);
  await value;
  return async () => {
    const found = await mark();
    if (found === known) return value;
    known = found;
    const before = value;
    value = read(path).then(
      (changed) => {
        log("file read anew", { path });
        return changed;
      },
      (error: unknown) => {
        log("file not usable, what it held before still counts", { path, error: said(error) });
        return before;
      },
    );
    return value;
  };
};

/** A server shows each new connection the certificate that is in its files by then. */
export const followTls = (
  server: Server,
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  log: Workshop["log"],
): void => {
  const mark = (): string =>
    [certFile, keyFile]
      .map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }))
      .map((found) => (found === undefined ? "gone" : markOf(found)))
      .join("\n");
  let known = mark();
  // At once and not later: the handshake of this very connection begins when the next listener is told of it.
  server.prependListener("connection", () => {
    try {
      const found = mark();
      if (found === known) return;
      known = found;
      server.setSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: "TLSv1.2" });
      log("certificate read anew", { certFile });
    } catch (error) {
      log("certificate not usable, the one before is still shown", { certFile, keyFile, error: said(error) });
    }
  });
};
