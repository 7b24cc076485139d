import { request, type Agent } from "undici";
import { until } from "./until.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface CustomKind {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

const PROBE = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "probes.ready.test" },
  spec: {
    group: "ready.test",
    names: { plural: "probes", singular: "probe", kind: "Probe", listKind: "ProbeList" },
    scope: "Cluster",
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};
const KINDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const OBJECT = { apiVersion: "ready.test/v1", kind: "Probe", metadata: { name: "probe" } };

type Method = "GET" | "POST" | "DELETE";

/** Asks one API server; every wait ends early with the reason when a program it needs has died (`signal`). */
export const readiness = (server: string, agent: Agent, signal: AbortSignal, timeoutMs = 90_000) => {
  const ask = async (method: Method, path: string, body?: unknown): Promise<Answer> => {
    const reply = await request(`${server}${path}`, {
      method,
      dispatcher: agent,
      headersTimeout: 5000,
      bodyTimeout: 5000,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return { status: reply.statusCode, body: await reply.body.text() };
  };
  const answers = (
    what: string,
    method: Method,
    path: string,
    good: readonly number[],
    body?: unknown,
  ): Promise<Answer> =>
    until(
      what,
      async () => {
        const answer = await ask(method, path, body);
        if (good.includes(answer.status)) return answer;
        throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
      },
      { timeoutMs, signal },
    );
  return {
    untilServing: async (): Promise<void> => {
      await answers("the API server is ready", "GET", "/readyz", [200]);
    },
    /**
     * For seconds after a start `/readyz` says ok and custom kinds still cannot be written; so every kind there is is asked for, and one is
     * made of which an object is written (dry run).
     */
    untilCustomKindsCanBeWritten: async (): Promise<void> => {
      const { body } = await answers("custom kinds can be listed", "GET", KINDS, [200]);
      for (const { spec } of (JSON.parse(body) as { items: readonly CustomKind[] }).items) {
        const version = spec.versions.find(({ served }) => served)?.name;
        await answers(
          `${spec.names.plural}.${spec.group} are served`,
          "GET",
          `/apis/${spec.group}/${version}/${spec.names.plural}?limit=1&resourceVersion=0`,
          [200],
        );
      }
      await answers("a custom kind can be made", "POST", KINDS, [201, 409], PROBE);
      await answers(
        "an object of a custom kind can be written",
        "POST",
        "/apis/ready.test/v1/probes?dryRun=All",
        [201],
        OBJECT,
      );
      await answers("the made kind can be removed", "DELETE", `${KINDS}/${PROBE.metadata.name}`, [200, 404]);
    },
  };
};
