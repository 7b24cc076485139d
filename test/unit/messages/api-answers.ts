import { type Client, createClient } from "../../../src/kube/client.ts";
import { type Answer, faultyServer, type Seen } from "../kube/faulty-server.ts";

export const no = (status: number, reason: string, message: string, details: object = {}): Answer => ({
  status,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", code: status, reason, message, details },
});

/** Asks by the real client, where what an API server says cannot be brought about without one. */
export async function withAnswers<Result>(
  answering: (asked: Seen) => Answer,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const server = await faultyServer(answering);
  const client = createClient(server.connection, { fieldManager: "ashat", userAgent: "ashat-test" });
  try {
    return await work(client);
  } finally {
    await client.close();
    await server.close();
  }
}
