import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Server } from "node:net";
import type { LookupAddress } from "node:dns";
import { Agent } from "undici";
import { afterAll, describe, expect, it } from "vitest";
import { addressRules, readRanges, refusalOfUrl, type AddressRules, type Resolve } from "./address-rules.ts";
import { exchange, type Exchange } from "./exchange.ts";
import { pinnedAgent } from "./pinned.ts";

/** What a resolver that works for an attacker answers. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "metadata.google.internal": ["169.254.169.254"],
  "metadata.google.internal.": ["169.254.169.254"],
  "metadata.azure.internal": ["169.254.169.254"],
  "instance-data.ec2.internal": ["169.254.169.254", "fd00:ec2::254"],
  "metadata6.example": ["fd20:ce::254"],
  "alibaba.example": ["100.100.100.200"],
  localhost: ["127.0.0.1", "::1"],
  "localhost.": ["127.0.0.1"],
  "app.localhost": ["127.0.0.1"],
  "127.0.0.1.nip.example": ["127.0.0.1"],
  "loop6.example": ["::1"],
  "mapped.example": ["::ffff:169.254.169.254"],
  "mapped-hex.example": ["::ffff:a9fe:a9fe"],
  "nat64.example": ["64:ff9b::a9fe:a9fe"],
  "sixtofour.example": ["2002:7f00:1::"],
  "zoned.example": ["fe80::1%eth0"],
  "zero.example": ["0.0.0.0"],
  "unspecified6.example": ["::"],
  "many.example": ["224.0.0.251"],
  "all.example": ["255.255.255.255"],
  "good-then-bad.example": ["192.0.2.10", "169.254.169.254"],
  "bad-then-good.example": ["127.0.0.1", "192.0.2.10"],
  "six-good-four-bad.example": ["2001:db8::1", "127.0.0.1"],
  "kubernetes.default.svc": ["10.96.0.1"],
  "api.example": ["10.96.0.1"],
  "api-mapped.example": ["::ffff:10.96.0.1"],
  "nonsense.example": ["not-an-address"],
  "port-in-answer.example": ["127.0.0.1:80"],
  "octal-answer.example": ["0177.0.0.1"],
};
const resolve: Resolve = (hostname, _options, done) => {
  const found = NAMES[hostname];
  if (found === undefined) return done(Object.assign(new Error(`${hostname} is not known`), { code: "ENOTFOUND" }), []);
  return done(
    null,
    found.map((address): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 })),
  );
};

const rulesWith = (more: Partial<AddressRules> = {}): AddressRules => ({
  ...addressRules({
    allow: [],
    guarded: [{ address: "10.96.0.1", port: 443, what: "the API server of the cluster" }],
    remedy: (range) => `Allow it with --allow-address ${range}.`,
    resolve,
  }),
  ...more,
});
const allowing = (...allow: readonly string[]): AddressRules => rulesWith({ allow: readRanges(allow) });

const TIMES = { connectMs: 500, headersMs: 1_000, bodyMs: 1_000, plain: true };
const ask = async (url: string, rules: AddressRules): Promise<Exchange> => {
  const agent = pinnedAgent({}, TIMES, rules);
  try {
    return await exchange(agent, { url, method: "GET", maxBytes: 1_024, deadlineMs: 1_500 });
  } finally {
    await agent.destroy();
  }
};

const CLOUD = /hands out what a machine may know/;
const LOOPBACK = /loopback/;
const UNSPECIFIED = /unspecified/;
const LINK = /link-local/;
const MULTICAST = /multicast/;
const BROADCAST = /broadcast/;
const RESERVED = /reserved/;
const API = /the API server of the cluster/;
const UNJUDGED = /no address that can be judged/;

/** Written by whoever may write a Server, an update, or a zone of a DNS. */
const HOSTILE: readonly (readonly [url: string, why: RegExp])[] = [
  // Metadata services of clouds, and the spellings a parser may let pass.
  ["http://169.254.169.254/latest/meta-data/iam/security-credentials/", CLOUD],
  ["https://169.254.169.254/", CLOUD],
  ["http://169.254.169.254:80/", CLOUD],
  ["http://169.254.169.254./", CLOUD],
  ["http://2852039166/", CLOUD],
  ["http://0xa9fea9fe/", CLOUD],
  ["http://0xA9.0xFE.0xA9.0xFE/", CLOUD],
  ["http://0251.0376.0251.0376/", CLOUD],
  ["http://169.254.43518/", CLOUD],
  ["http://169.16689662/", CLOUD],
  ["http://0251.254.0xa9.254/", CLOUD],
  ["http://１６９.２５４.１６９.２５４/", CLOUD],
  ["http://169。254。169。254/", CLOUD],
  ["http://%31%36%39.254.169.254/", CLOUD],
  ["http://[::ffff:169.254.169.254]/", CLOUD],
  ["http://[::ffff:a9fe:a9fe]/", CLOUD],
  ["http://[0:0:0:0:0:ffff:a9fe:a9fe]/", CLOUD],
  ["http://[::169.254.169.254]/", CLOUD],
  ["http://[::ffff:0:a9fe:a9fe]/", CLOUD],
  ["http://[64:ff9b::169.254.169.254]/", CLOUD],
  ["http://[64:ff9b:1::a9fe:a9fe]/", CLOUD],
  ["http://[64:ff9b:1:a9fe:a9:fe00::]/", CLOUD],
  ["http://[64:ff9b:1:1234::a9fe:a9fe]/", CLOUD],
  ["http://[64:ff9b:1:aa9:fe:a9fe::]/", CLOUD],
  ["http://[2002:a9fe:a9fe::]/", CLOUD],
  ["http://[2001:0:4136:e378:8000:63bf:5601:5601]/", CLOUD],
  ["http://[2001:db8::5efe:169.254.169.254]/", CLOUD],
  ["http://[fd00:ec2::254]/", CLOUD],
  ["http://[fd00:ec2::23]/", CLOUD],
  ["http://[fd20:ce::254]/", CLOUD],
  ["http://100.100.100.200/", CLOUD],
  ["http://169.254.170.2/v2/credentials", CLOUD],
  ["http://168.63.129.16/", CLOUD],
  ["http://192.0.0.192/", CLOUD],
  // The machine itself.
  ["http://127.0.0.1/", LOOPBACK],
  ["https://127.0.0.1:6443/", LOOPBACK],
  ["http://127.1/", LOOPBACK],
  ["http://127.255.255.254/", LOOPBACK],
  ["http://2130706433/", LOOPBACK],
  ["http://0x7f.1/", LOOPBACK],
  ["http://0177.0.0.01/", LOOPBACK],
  ["http://017700000001/", LOOPBACK],
  ["http://[::1]/", LOOPBACK],
  ["http://[0000:0000:0000:0000:0000:0000:0000:0001]/", LOOPBACK],
  ["http://[::ffff:127.0.0.1]/", LOOPBACK],
  ["http://[::127.0.0.1]/", LOOPBACK],
  ["http://[64:ff9b::7f00:1]/", LOOPBACK],
  ["http://[2002:7f00:1::1]/", LOOPBACK],
  ["http://0/", UNSPECIFIED],
  ["http://0.0.0.0/", UNSPECIFIED],
  ["http://0.1.2.3/", UNSPECIFIED],
  ["http://[::]/", UNSPECIFIED],
  ["http://[::ffff:0.0.0.0]/", UNSPECIFIED],
  // Everybody, and nobody in particular.
  ["http://169.254.10.1/", LINK],
  ["http://[fe80::1]/", LINK],
  ["http://[febf::1]/", LINK],
  ["http://[fe80::a9fe:a9fe]/", LINK],
  ["http://224.0.0.1/", MULTICAST],
  ["http://239.255.255.250:1900/", MULTICAST],
  ["http://[ff02::1]/", MULTICAST],
  ["http://255.255.255.255/", BROADCAST],
  ["http://240.0.0.1/", RESERVED],
  ["http://192.0.0.8/", RESERVED],
  ["http://[fec0::1]/", RESERVED],
  // The API server, at the address and port it is known by.
  ["https://10.96.0.1/", API],
  ["https://10.96.0.1:443/api/v1/secrets", API],
  ["https://[::ffff:10.96.0.1]/", API],
  ["https://[64:ff9b::10.96.0.1]/", API],
  ["https://kubernetes.default.svc/", API],
  ["https://api.example/", API],
  ["https://api-mapped.example/", API],
  // A URL that looks as if it led elsewhere.
  ["http://shop.example@169.254.169.254/", CLOUD],
  ["http://shop.example:443@127.0.0.1/", LOOPBACK],
  ["http:\\\\127.0.0.1\\shop.example", LOOPBACK],
  ["http:/127.0.0.1/", LOOPBACK],
  ["http://127.0.0.1\\@shop.example/", LOOPBACK],
  ["http://127.0.0.1#@shop.example/", LOOPBACK],
  ["http://127.0.0.1?@shop.example/", LOOPBACK],
  ["http://12\t7.0.0.1/", LOOPBACK],
  // Names, and what a resolver answers.
  ["http://metadata.google.internal/computeMetadata/v1/", CLOUD],
  ["http://METADATA.google.INTERNAL/", CLOUD],
  ["http://metadata.google.internal./", CLOUD],
  ["http://metadata.azure.internal/", CLOUD],
  ["http://instance-data.ec2.internal/", CLOUD],
  ["http://metadata6.example/", CLOUD],
  ["http://alibaba.example/", CLOUD],
  ["http://localhost/", LOOPBACK],
  ["http://localhost./", LOOPBACK],
  ["http://app.localhost/", LOOPBACK],
  ["http://127.0.0.1.nip.example/", LOOPBACK],
  ["http://loop6.example/", LOOPBACK],
  ["http://mapped.example/", CLOUD],
  ["http://mapped-hex.example/", CLOUD],
  ["http://nat64.example/", CLOUD],
  ["http://sixtofour.example/", LOOPBACK],
  ["http://zoned.example/", LINK],
  ["http://zero.example/", UNSPECIFIED],
  ["http://unspecified6.example/", UNSPECIFIED],
  ["http://many.example/", MULTICAST],
  ["http://all.example/", BROADCAST],
  ["http://good-then-bad.example/", CLOUD],
  ["http://bad-then-good.example/", LOOPBACK],
  ["http://six-good-four-bad.example/", LOOPBACK],
  ["http://nonsense.example/", UNJUDGED],
  ["http://port-in-answer.example/", UNJUDGED],
  ["http://octal-answer.example/", UNJUDGED],
];

describe("no connection is made to", () => {
  it("at least sixty hostile addresses", () => {
    expect(new Set(HOSTILE.map(([url]) => url)).size).toBe(HOSTILE.length);
    expect(HOSTILE.length).toBeGreaterThanOrEqual(60);
  });
  it.each(HOSTILE)("%s", async (url, why) => {
    const came = await ask(url, rulesWith());
    expect(came.state).toBe("AddressRefused");
    expect(came.state === "Answered" ? "" : came.message).toMatch(why);
    expect(came.state === "Answered" ? "" : came.message).toMatch(
      /nothing is sent there\. Allow it with --allow-address \S+\.$/,
    );
  });
});

const servers: Server[] = [];
const listen = async (server: Server): Promise<number> => {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
afterAll(() => {
  for (const server of servers) server.close();
});
const hello = (): Promise<number> => listen(createServer((_request, response) => void response.end("hello")));
const counted = async (): Promise<{ readonly port: number; readonly count: () => number }> => {
  let connections = 0;
  const port = await listen(
    createTcp((socket) => {
      connections += 1;
      socket.destroy();
    }),
  );
  return { port, count: () => connections };
};

describe("a server is reached", () => {
  it.each([
    ["10.4.0.17", "https://10.4.0.17"],
    ["172.16.3.4", "https://172.16.3.4:7443"],
    ["192.168.1.2", "http://192.168.1.2"],
    ["another port of the API server's address", "https://10.96.0.1:7443"],
    ["a unique local address", "https://[fd12:3456::1]"],
    ["a shared address (RFC 6598)", "https://100.64.0.1"],
    ["a public address", "https://[2001:db8::1]"],
    ["a private address through NAT64", "https://[64:ff9b::10.4.0.17]"],
    ["a private address through a local NAT64", "https://[64:ff9b:1::10.4.0.17]"],
    ["the same, with bits for a subnet", "https://[64:ff9b:1:1234::10.4.0.17]"],
  ])("where servers are: %s", (_name, url) => {
    expect(refusalOfUrl(rulesWith(), url)).toBeUndefined();
  });
  it("at an address that was allowed on purpose, by number and by name", async () => {
    const port = await hello();
    expect((await ask(`http://127.0.0.1:${port}/`, allowing("127.0.0.0/8"))).state).toBe("Answered");
    expect((await ask(`http://localhost:${port}/`, allowing("127.0.0.1", "::1"))).state).toBe("Answered");
    expect((await ask(`http://[::ffff:127.0.0.1]:${port}/`, allowing("127.0.0.0/8"))).state).toBe("Answered");
  });
  it("only there: what was allowed opens nothing beside it", async () => {
    const only = allowing("127.0.0.1/32");
    expect((await ask("http://127.0.0.2/", only)).state).toBe("AddressRefused");
    expect((await ask("http://localhost/", only)).state).toBe("AddressRefused");
    expect((await ask("http://169.254.169.254/", only)).state).toBe("AddressRefused");
  });
});

describe("the API server", () => {
  it("stays closed when a range around it is allowed, and opens when it is named itself", async () => {
    const port = await hello();
    const guarded = [{ address: "127.0.0.1", port, what: "the API server of the cluster" }];
    const around = { ...allowing("127.0.0.0/8"), guarded };
    expect((await ask(`http://127.0.0.1:${port}/`, around)).state).toBe("AddressRefused");
    expect((await ask(`http://localhost:${port}/`, around)).state).toBe("AddressRefused");
    const itself = { ...allowing("127.0.0.1/32"), guarded };
    expect((await ask(`http://127.0.0.1:${port}/`, itself)).state).toBe("Answered");
  });
});

describe("a real server that sends one elsewhere", () => {
  it.each([301, 302, 303, 307, 308])("with %i reaches nothing: the answer is the redirect", async (status) => {
    const { port: metadata, count } = await counted();
    const port = await listen(
      createServer((_request, response) =>
        response.writeHead(status, { location: `http://127.0.0.2:${metadata}/secret` }).end(),
      ),
    );
    expect(await ask(`http://127.0.0.1:${port}/`, allowing("127.0.0.0/8"))).toMatchObject({
      state: "Answered",
      status,
    });
    expect(count()).toBe(0);
  });
  it("with a Refresh header, an Alt-Svc or a Content-Location reaches nothing either", async () => {
    const { port: metadata, count } = await counted();
    const url = `http://127.0.0.1:${metadata}/`;
    const headers = { refresh: `0; url=${url}`, "alt-svc": `h2="127.0.0.1:${metadata}"`, "content-location": url };
    const port = await listen(createServer((_request, response) => response.writeHead(200, headers).end()));
    expect((await ask(`http://127.0.0.1:${port}/`, allowing("127.0.0.0/8"))).state).toBe("Answered");
    expect(count()).toBe(0);
  });
});

describe("a name that changes its address", () => {
  it("between the look and the connection is asked once, and that answer is connected to", async () => {
    const { port, count } = await counted();
    const answers: string[] = [];
    const rebinding: Resolve = (_hostname, _options, done) => {
      answers.push(answers.length === 0 ? "192.0.2.1" : "127.0.0.1");
      done(null, [{ address: answers.at(-1) ?? "", family: 4 }]);
    };
    const agent = pinnedAgent({}, TIMES, rulesWith({ resolve: rebinding }));
    const question = { url: `http://rebind.example:${port}/`, method: "GET", maxBytes: 100, deadlineMs: 700 } as const;
    expect((await exchange(agent, question)).state).toBe("Unreachable");
    expect((await exchange(agent, question)).state).toBe("AddressRefused");
    await agent.destroy();
    expect(answers).toEqual(["192.0.2.1", "127.0.0.1"]);
    expect(count()).toBe(0);
  });
  it("is what a client without rules falls for: the stage is real", async () => {
    const port = await hello();
    const naive = new Agent({
      connect: { lookup: (_hostname, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) },
    });
    expect(
      (await exchange(naive, { url: `http://rebind.example:${port}/`, method: "GET", maxBytes: 100, deadlineMs: 700 }))
        .state,
    ).toBe("Answered");
    await naive.destroy();
    const socket = connectTcp(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  });
});

describe("a rule", () => {
  it.each([
    "",
    "127.0.0.1/33",
    "127.0.0.1/-1",
    "::/129",
    "127.0.0.1/8/8",
    "localhost",
    "127.0.0.1/",
    "10.0.0.0/8,::1",
    "fe80::1%eth0",
  ])("that nobody understands is an error: %j", (text) => {
    expect(() => readRanges([text])).toThrow("is no range of addresses");
  });
});
