import type { Agent } from "undici";
import type { z } from "zod";
import { AgentStatus, OrderReport, Refusal } from "../api/order.ts";
import type { AddressRules } from "../dial/address-rules.ts";
import { exchange, type Exchange, type Question } from "../dial/exchange.ts";
import { pinnedAgent } from "../dial/pinned.ts";
import type { Trust } from "../dial/trust.ts";
import type { AgentTarget, Delivery, Driver, Observation, Refused, SignedOrder, Trouble } from "./driver.ts";

export interface AgentLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
  /** For the whole of an order. */
  readonly deadlineMs: number;
  /** For the whole of a question: it is asked again anyway, and many may wait for it. */
  readonly questionMs: number;
  readonly maxBytes: number;
  /** How many trusts keep their connections; the one longest unused is closed first. */
  readonly maxTrusts: number;
}

export const AGENT_LIMITS: AgentLimits = {
  connectMs: 5_000,
  headersMs: 10_000,
  bodyMs: 10_000,
  deadlineMs: 15_000,
  questionMs: 3_000,
  maxBytes: 1024 * 1024,
  maxTrusts: 64,
};

/** Connections are shared per trust and never across: a socket proven for one pin is not used for another. */
const dialers = (limits: AgentLimits, addresses: AddressRules) => {
  const open = new Map<string, Agent>();
  return {
    for: (trust: Trust): Agent => {
      const id = JSON.stringify([trust.sha256 ?? "", trust.ca ?? ""]);
      const agent = open.get(id) ?? pinnedAgent(trust, limits, addresses);
      open.delete(id);
      open.set(id, agent);
      const [oldest] = open;
      if (open.size > limits.maxTrusts && oldest !== undefined) {
        open.delete(oldest[0]);
        void oldest[1].close();
      }
      return agent;
    },
    close: async (): Promise<void> => {
      await Promise.all([...open.values()].map((agent) => agent.destroy()));
      open.clear();
    },
  };
};

const json = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
};

type Understood<Answer> = { readonly state: "Answered"; readonly answer: Answer } | Trouble | Refused;

/** Turns whatever came back into data; only an answer that is well formed counts as one. */
const understand = <Answer>(origin: string, came: Exchange, schema: z.ZodType<Answer>): Understood<Answer> => {
  switch (came.state) {
    case "Unreachable":
    case "Aborted":
      return { state: "Unreachable", message: came.message };
    case "AddressRefused":
      return { state: "AddressRefused", message: came.message };
    case "WrongCertificate":
      return { state: "WrongCertificate", message: came.message };
    case "Oversized":
      return { state: "Garbage", message: came.message };
    case "Answered":
  }
  const body = json(came.body);
  if (came.status >= 200 && came.status < 300) {
    const parsed = schema.safeParse(body);
    if (parsed.success) return { state: "Answered", answer: parsed.data };
    return {
      state: "Garbage",
      message: `${origin} answered ${came.status} with something that is not an agent's answer. Check that the URL is the agent's and not the server's.`,
    };
  }
  const refusal = Refusal.safeParse(body);
  if (came.status >= 400 && came.status < 500 && refusal.success) {
    const { reason, message, sequence } = refusal.data;
    return { state: "Refused", status: came.status, reason, message, ...(sequence === undefined ? {} : { sequence }) };
  }
  return {
    state: "Garbage",
    message: `${origin} answered HTTP ${came.status}, which no agent does here. Check that the URL is the agent's; its log says more.`,
  };
};

const reported = (target: AgentTarget, key: string, understood: Understood<OrderReport>): Delivery => {
  if (understood.state !== "Answered") return understood;
  if (understood.answer.key === key) return { state: "Answered", report: understood.answer };
  return {
    state: "Garbage",
    message: `${target.url} answered about order ${understood.answer.key} when asked about ${key}.`,
  };
};

const bearer = (readToken: string) => ({ authorization: `Bearer ${readToken}` });
const orderPath = (key: string): string => `/v1/orders/${encodeURIComponent(key)}`;

/** The driver for targets with an agent. Trouble of the target is an answer; only a stop of ours is thrown. */
export const agentDriver = (
  addresses: AddressRules,
  limits: AgentLimits = AGENT_LIMITS,
): Driver<AgentTarget, SignedOrder> => {
  const dial = dialers(limits, addresses);

  const ask = async <Answer>(
    target: AgentTarget,
    path: string,
    question: Pick<Question, "method" | "headers" | "body">,
    schema: z.ZodType<Answer>,
    signal: AbortSignal,
  ): Promise<Understood<Answer>> => {
    signal.throwIfAborted();
    const base = URL.parse(target.url);
    if (base === null || base.protocol !== "https:") {
      return {
        state: "Unreachable",
        message: `The agent's URL ${target.url} is not an https:// URL; orders are sent over TLS only.`,
      };
    }
    const url = `${base.origin}${base.pathname.replace(/\/$/, "")}${path}`;
    const { maxBytes } = limits;
    const deadlineMs = question.method === "GET" ? limits.questionMs : limits.deadlineMs;
    const came = await exchange(dial.for(target.tls), { url, ...question, maxBytes, deadlineMs, signal });
    signal.throwIfAborted();
    return understand(base.origin, came, schema);
  };

  return {
    deliver: async (target, { key, jws }, signal) => {
      const question = { method: "PUT", headers: { "content-type": "application/jose" }, body: jws } as const;
      return reported(target, key, await ask(target, orderPath(key), question, OrderReport, signal));
    },
    report: async (target, key, readToken, signal) =>
      reported(
        target,
        key,
        await ask(target, orderPath(key), { method: "GET", headers: bearer(readToken) }, OrderReport, signal),
      ),
    observe: async (target, readToken, signal): Promise<Observation> => {
      const understood = await ask(
        target,
        "/v1/status",
        { method: "GET", headers: bearer(readToken) },
        AgentStatus,
        signal,
      );
      return understood.state === "Answered" ? { state: "Answered", status: understood.answer } : understood;
    },
    close: dial.close,
  };
};
