import { createServer } from "node:net";

// Below the range from which systems take ports of outgoing connections, so that nobody takes one during a restart.
const FIRST = 10_240;
const LAST = 32_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

const given = new Set<number>();

/** As many free TCP ports of 127.0.0.1 as asked for; never the same twice in one process. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const found: number[] = [];
  for (let tries = 0; found.length < count; tries += 1) {
    if (tries > 1000)
      throw new Error(
        `no ${count} free ports between ${FIRST} and ${LAST} on 127.0.0.1: too many programs listen there; stop some and try again`,
      );
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) found.push(port);
  }
  return found;
};
