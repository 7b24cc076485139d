import { request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a server of the world answers to anyone who asks; `ca` is the world's own. */
export const httpsGet = (url: string, ca: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { ca, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }),
      );
      response.on("error", reject);
    });
    asked.setTimeout(5_000, () => asked.destroy(new Error(`${url} did not answer in 5 s`)));
    asked.on("error", reject);
    asked.end();
  });
