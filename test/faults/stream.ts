import type { IncomingMessage, ServerResponse } from "node:http";
import type { Script } from "./script.ts";
import { isWatchFault } from "./plan.ts";

/** What a broken watch leaves behind for the requests after it. */
export interface Aftermath {
  /** Kinds whose next watch is answered 410. */
  readonly gone: Set<string>;
  /** Kinds whose next lists fail, and how. */
  readonly lists: Map<string, ("503" | "429" | "reset-before")[]>;
}

const DELAY_MS = 4_000;
const failing = (code: number, reason: string): string =>
  `${JSON.stringify({ type: "ERROR", object: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `${reason}: told by the fault proxy` } })}\n`;

interface Line {
  readonly type: string;
  readonly object: { readonly metadata?: { readonly name?: string } };
}

async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const part of stream) {
    rest += decoder.decode(part as Buffer, { stream: true });
    const found = rest.split("\n");
    rest = found.pop() ?? "";
    yield* found.filter((line) => line !== "");
  }
}

/** Hands a watch on, event by event, and does at one of them what the plan says. */
export async function passWatch(
  resource: string,
  script: Script,
  aftermath: Aftermath,
  answer: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, { "content-type": "application/json" });
  // Watches are read event by event, so headers must not wait for the first of them.
  response.flushHeaders();
  const cut = (): void => {
    response.socket?.destroy();
  };
  const older: string[] = [];
  let swallow = false;
  let gap: NodeJS.Timeout | undefined;
  let merged: string | undefined;
  for await (const text of linesOf(answer)) {
    if (response.destroyed) return;
    if (swallow) continue;
    if (gap !== undefined) {
      // A bookmark would say that nothing is missing.
      if ((JSON.parse(text) as Line).type === "BOOKMARK") continue;
      return cut();
    }
    const line = JSON.parse(text) as Line;
    if (line.type === "BOOKMARK") {
      response.write(`${text}\n`);
      continue;
    }
    const named = script.event(resource, line.type);
    const fault = named !== undefined && isWatchFault(named) ? named : undefined;
    if (merged !== undefined && line.type === "ADDED" && line.object.metadata?.name === merged) {
      merged = undefined;
      response.write(`${JSON.stringify({ ...line, type: "MODIFIED" })}\n`);
      continue;
    }
    switch (fault) {
      case undefined:
        response.write(`${text}\n`);
        break;
      case "watch-cut":
        return cut();
      case "watch-410-status":
        aftermath.gone.add(resource);
        return cut();
      case "watch-relist-fails":
        aftermath.gone.add(resource);
        aftermath.lists.set(resource, ["503", "429", "reset-before"]);
        return cut();
      case "watch-410-stream":
        response.end(failing(410, "Expired"));
        return;
      case "watch-500-stream":
        response.end(failing(500, "InternalError"));
        return;
      case "watch-half-open":
        swallow = true;
        break;
      case "watch-gap":
        // Bytes are not lost from the middle of a connection that goes on, so where no other event comes the cut does.
        gap = setTimeout(cut, DELAY_MS);
        break;
      case "watch-duplicate":
        response.write(`${text}\n${text}\n`);
        break;
      case "watch-delay":
        await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
        response.write(`${text}\n`);
        break;
      case "watch-stale-replay":
        response.write(`${text}\n`);
        if (older[0] !== undefined) response.write(`${older[0]}\n`);
        break;
      case "watch-merged":
        merged = line.object.metadata?.name;
        break;
      default:
        fault satisfies never;
    }
    older.push(text);
  }
  clearTimeout(gap);
  // A frozen peer does not say goodbye.
  if (!swallow) response.end();
}
