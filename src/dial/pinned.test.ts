import { once } from "node:events";
import { createServer as createPlain } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCa, issue, type Ca, type Issued } from "../../test/cluster/pki.ts";
import { ANY_ADDRESS } from "./address-rules.ts";
import { exchange, type Exchange } from "./exchange.ts";
import { pinnedAgent } from "./pinned.ts";
import type { Trust } from "./trust.ts";

let ca: Ca;
let stranger: Ca;
const issued: Record<"good" | "expired" | "elsewhere" | "renewed", Issued> = {} as never;
const servers: Server[] = [];
/** What every server of this file was really asked. */
const heard: string[] = [];

beforeAll(async () => {
  ca = await createCa("dial");
  stranger = await createCa("stranger");
  const ips = ["127.0.0.1"];
  issued.good = await issue(ca, { commonName: "good", ips });
  issued.expired = await issue(ca, {
    commonName: "expired",
    ips,
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2021-01-01"),
  });
  issued.elsewhere = await issue(ca, { commonName: "elsewhere", dns: ["elsewhere.example"] });
  issued.renewed = await issue(ca, { commonName: "good", ips });
});
afterAll(() => {
  for (const server of servers) server.close();
});

const listen = async (server: Server): Promise<number> => {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
const serve = ({ certPem, keyPem }: Issued): Promise<number> =>
  listen(
    createServer({ cert: certPem, key: keyPem }, (request, response) => {
      heard.push(request.url ?? "");
      response.end("hello");
    }),
  );

const ask = async (trust: Trust, url: string, plain = false): Promise<Exchange> => {
  const agent = pinnedAgent(trust, { connectMs: 2_000, headersMs: 2_000, bodyMs: 2_000, plain }, ANY_ADDRESS);
  try {
    return await exchange(agent, { url, method: "GET", maxBytes: 1024, deadlineMs: 3_000 });
  } finally {
    await agent.destroy();
  }
};
const said = (came: Exchange): string => (came.state === "Answered" ? came.body.toString() : came.message);

describe("a server is spoken to when", () => {
  it("its certificate is the pinned one, whatever name and date it bears", async () => {
    for (const certificate of [issued.good, issued.elsewhere, issued.expired]) {
      expect(
        said(await ask({ sha256: certificate.sha256 }, `https://127.0.0.1:${await serve(certificate)}/pinned`)),
      ).toBe("hello");
    }
  });
  it("the pin is spelled as openssl does", async () => {
    const pin = issued.good.sha256.toUpperCase().match(/../g)?.join(":") ?? "";
    expect(said(await ask({ sha256: pin }, `https://127.0.0.1:${await serve(issued.good)}/`))).toBe("hello");
  });
  it("its certificate comes from the CA", async () => {
    expect(said(await ask({ ca: ca.certPem }, `https://127.0.0.1:${await serve(issued.good)}/`))).toBe("hello");
  });
  it("http was asked for on purpose", async () => {
    const port = await listen(createPlain((_request, response) => void response.end("plain")));
    expect(said(await ask({}, `http://127.0.0.1:${port}/`, true))).toBe("plain");
  });
});

describe("no byte of a request reaches a server when", () => {
  const situations: readonly (readonly [string, () => Trust, () => Issued, RegExp])[] = [
    [
      "another certificate is pinned",
      () => ({ sha256: issued.renewed.sha256 }),
      () => issued.good,
      /shows the certificate with SHA-256 .* is pinned.*tls.sha256/,
    ],
    ["the pin is cut short", () => ({ sha256: issued.good.sha256.slice(0, 32) }), () => issued.good, /is pinned/],
    ["the pin is empty", () => ({ sha256: "" }), () => issued.good, /is pinned/],
    ["its CA is not the trusted one", () => ({ ca: stranger.certPem }), () => issued.good, /is not the trusted one/],
    ["the system does not know its CA", () => ({}), () => issued.good, /is not the trusted one/],
    ["its certificate has expired", () => ({ ca: ca.certPem }), () => issued.expired, /expired/],
    ["its certificate is for another name", () => ({ ca: ca.certPem }), () => issued.elsewhere, /IP|altname/i],
    [
      "the CA is right and the pin is not",
      () => ({ ca: ca.certPem, sha256: issued.renewed.sha256 }),
      () => issued.good,
      /is pinned/,
    ],
    [
      "the pin is right and the CA is not",
      () => ({ ca: stranger.certPem, sha256: issued.good.sha256 }),
      () => issued.good,
      /is not the trusted one/,
    ],
  ];
  it.each(situations)("%s", async (_name, trust, certificate, message) => {
    heard.length = 0;
    const came = await ask(trust(), `https://127.0.0.1:${await serve(certificate())}/secret`);
    expect(came.state).toBe("WrongCertificate");
    expect(said(came)).toMatch(message);
    expect(heard).toEqual([]);
  });

  it.each([
    ["http is asked for without leave", {}, false],
    ["http is asked for where a pin is given", { sha256: "a".repeat(64) }, true],
  ])("%s", async (_name, trust, plain) => {
    heard.length = 0;
    const port = await listen(
      createPlain((request, response) => {
        heard.push(request.url ?? "");
        response.end();
      }),
    );
    expect((await ask(trust, `http://127.0.0.1:${port}/secret`, plain)).state).toBe("WrongCertificate");
    expect(heard).toEqual([]);
  });
});
