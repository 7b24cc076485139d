import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { verifyChain } from "../../src/api/record.ts";
import { archive, sha256 } from "../targets/archives.ts";
import { createCa, issue } from "../cluster/pki.ts";
import { until } from "../cluster/until.ts";
import { server, update } from "../world/manifests.ts";
import { activations, movesOf, type Room } from "../world/room.ts";
import { openScene } from "../world/scene.ts";
import type { TargetProcesses } from "../world/target.ts";

const scene = openScene({ flags: ["--delivery-timeout=10"] });

interface Trouble {
  readonly name: string;
  /** Makes the trouble; gives the Server as it is applied, and what mends it. */
  readonly make: (
    room: Room,
    at: TargetProcesses,
  ) => Promise<{ readonly server: object; readonly mend: () => Promise<void> | void }>;
  readonly says: RegExp;
  readonly reason: string;
}

const wired =
  (mode: "hang" | "garbage"): Trouble["make"] =>
  async (room, at) => {
    const wire = await room.wire(at.agentUrl, at);
    wire.set(mode);
    return { server: server(room.namespace, "Public", { ...at, agentUrl: wire.url }), mend: () => wire.set("pass") };
  };

/** The server is to be known by the CA of a Secret, which is there only where it holds something. */
const trusting =
  (stringData: Readonly<Record<string, string>>): Trouble["make"] =>
  async (room, at) => {
    if (Object.keys(stringData).length > 0)
      await room.apply({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { namespace: room.namespace, name: "its-ca" },
        stringData,
      });
    const tls = { caSecretRef: { name: "its-ca", key: "ca.crt" } };
    return {
      server: server(room.namespace, "Public", at, { agent: { url: at.agentUrl, tls } }),
      mend: () => room.apply(server(room.namespace, "Public", at)),
    };
  };

/** Something that answers every question as the agent of this name would, whoever is asked for. */
async function lying(name: string) {
  const {
    certPem,
    keyPem,
    sha256: pin,
  } = await issue(await createCa("liar"), { commonName: "agent", ips: ["127.0.0.1"] });
  const status = {
    agent: { name, version: "0.1.0" },
    at: new Date().toISOString(),
    apps: [],
    seen: [],
    activations: [],
  };
  const listening = createServer({ cert: certPem, key: keyPem }, (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(status));
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    sha256: pin,
    close: () => {
      listening.closeAllConnections();
      listening.close();
    },
  };
}

const TROUBLES: readonly Trouble[] = [
  {
    name: "nobody listens",
    make: async (room, at) => {
      await at.killAgent();
      return { server: server(room.namespace, "Public", at), mend: () => at.startAgent() };
    },
    says: /cannot be reached: .*ECONNREFUSED/,
    reason: "Unreachable",
  },
  {
    name: "nobody ever answers",
    make: wired("hang"),
    says: /did not answer within|cannot be reached/,
    reason: "Unreachable",
  },
  {
    name: "something else answers",
    make: wired("garbage"),
    says: /answered 200 with something that is not an agent's answer\. Check that the URL is the agent's/,
    reason: "Garbage",
  },
  {
    name: "another certificate is worn",
    make: async (room, at) => ({
      server: server(room.namespace, "Public", { ...at, certificate: { ...at.certificate, sha256: "0".repeat(64) } }),
      mend: () => room.apply(server(room.namespace, "Public", at)),
    }),
    says: /^server staging does not answer as it should: The certificate of .* is not the trusted one/,
    reason: "WrongCertificate",
  },
  {
    name: "the agent of another answers",
    make: async (room, at) => {
      const { agentUrl, certificate } = await room.target("other");
      const agent = { url: agentUrl, tls: { sha256: certificate.sha256 } };
      return {
        server: server(room.namespace, "Public", at, { agent }),
        mend: () => room.apply(server(room.namespace, "Public", at)),
      };
    },
    says: /This is for \S+\/staging, but this agent is \S+\/other\. Check the agent's URL of \S+\/staging\.$/,
    reason: "WrongAudience",
  },
  {
    name: "an agent answers in the name of another",
    make: async (room, at) => {
      const liar = await lying(`${room.namespace}/other`);
      const agent = { url: liar.url, tls: { sha256: liar.sha256 } };
      return {
        server: server(room.namespace, "Public", at, { agent }),
        mend: async () => {
          await room.apply(server(room.namespace, "Public", at));
          liar.close();
        },
      };
    },
    says: /the agent there is that of \S+\/other, not of \S+\/staging$/,
    reason: "WrongAgent",
  },
  {
    name: "the Secret with its CA is not there",
    make: trusting({}),
    says: /Secret \S+\/its-ca, which holds the CA of server staging, does not exist$/,
    reason: "TrustMissing",
  },
  {
    name: "the Secret with its CA has another key",
    make: trusting({ "tls.crt": "" }),
    says: /Secret \S+\/its-ca, which holds the CA of server staging, has no key ca\.crt$/,
    reason: "TrustMissing",
  },
  {
    name: "the Secret with its CA holds something else",
    make: trusting({ "ca.crt": "no certificate" }),
    says: /Secret \S+\/its-ca, which holds the CA of server staging, holds no certificate in PEM under its key ca\.crt$/,
    reason: "TrustMissing",
  },
];

test.concurrent.each(TROUBLES)(
  "an update waits for a server where $name, says so, and goes on when that is over",
  async ({ make, says, reason }) => {
    const room = await scene.room("trouble");
    const release = await scene.world().archives.build({ version: "9.4.2" });
    const at = await room.target("staging");
    const trouble = await make(room, at);
    await room.apply(trouble.server, update(room.namespace, "first", release));
    const waiting = await room.untilUpdate("first", ({ blockedBy }) => blockedBy?.[0]?.gate === "reachable");
    expect(waiting).toMatchObject({ phase: "Waiting", tier: "public" });
    expect(waiting.blockedBy?.[0]?.message).toMatch(says);
    expect(waiting.message).toContain("who runs server staging; it is asked again every few seconds");
    expect((await room.serverStatus("staging")).conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      reason,
    });
    expect(movesOf(await room.records("first"))).toEqual([">Waiting Created"]);
    await trouble.mend();
    await room.untilUpdate("first", ({ tier }) => tier === "omega");
    expect(await at.version()).toBe("9.4.2");
    expect(activations(await room.agent(at))).toEqual([1]);
  },
);

test.concurrent("an agent whose reply to the order is lost is asked what became of it: one activation", async () => {
  const room = await scene.room("lost");
  const release = await scene.world().archives.build({ version: "9.4.2" });
  const at = await room.target("staging");
  const wire = await room.wire(at.agentUrl, at);
  wire.set("lose replies to orders");
  await room.apply(
    server(room.namespace, "Public", { ...at, agentUrl: wire.url }),
    update(room.namespace, "first", release),
  );
  await room.untilUpdate("first", ({ tier }) => tier === "omega");
  expect(wire.came.filter((request) => request.startsWith("PUT"))).toHaveLength(1);
  expect(activations(await room.agent(at))).toEqual([1]);
  expect(await at.version()).toBe("9.4.2");
});

test.concurrent(
  "a server lost in the middle of a delivery is held once the time is over; back too late, it switches to nothing and says so",
  async () => {
    const room = await scene.room("midway");
    const { archives } = scene.world();
    const release = await archives.build({ version: "9.4.2", file: "midway.tgz" });
    const arrive = archives.hold(release.file);
    const at = await room.target("staging");
    await room.apply(server(room.namespace, "Public", at), update(room.namespace, "first", release));
    await until("the agent fetches", () => archives.fetched.has(release.file));
    await at.killAgent();
    const held = await room.untilUpdate("first", ({ phase }) => phase === "Held");
    expect(held.message).toMatch(
      /^staging: .* cannot be reached: .*ECONNREFUSED.*\. Nothing was restored; whether the update runs there is not known while its agent does not answer /,
    );
    expect((await room.records("first")).at(-1)).toMatchObject({
      from: "Delivering",
      to: "Held",
      reason: "Unreachable",
    });
    // It is still the update's: nobody else may come in between.
    expect((await room.serverStatus("staging")).apps?.[0]?.claim?.name).toBe("first");

    arrive();
    await at.startAgent();
    const late = await room.untilUpdate("first", ({ message }) => message?.includes("does not run there") === true);
    expect(late).toMatchObject({ phase: "Held", blockedBy: [{ gate: "held" }] });
    const agent = await room.agent(at);
    expect(agent.apps).toEqual([]);
    expect(agent.seen).toMatchObject([{ sequence: 1, state: "Failed" }]);
    expect(await at.version()).toBeUndefined();
    expect(verifyChain(await room.records("first"))).toEqual([]);

    const next = await archives.build({ version: "9.4.3", file: "midway-next.tgz" });
    await room.apply(update(room.namespace, "second", next));
    await room.untilUpdate("second", ({ tier }) => tier === "omega");
    expect(await at.version()).toBe("9.4.3");
    await room.untilUpdate("first", ({ phase }) => phase === "Superseded");
  },
);

test.concurrent(
  "an archive that is not what it should be is held, the old version stays served, and a corrected one follows",
  async () => {
    const room = await scene.room("archive");
    const { namespace } = room;
    const { archives } = scene.world();
    const [old, good] = [
      await archives.build({ version: "9.4.1", file: "archive-1.tgz" }),
      await archives.build({ version: "9.4.4", file: "archive-4.tgz" }),
    ];
    const climbing = archive("9.4.3", [{ name: "../../../climbed", body: "out" }]);
    const url = await archives.lay("climbing.tgz", climbing);
    const at = await room.target("staging");
    await room.apply(server(namespace, "Public", at), update(namespace, "old", old));
    await room.untilUpdate("old", ({ tier }) => tier === "omega");

    await room.apply(update(namespace, "changed", { version: "9.4.2", url: good.url, sha256: "0".repeat(64) }));
    const changed = await room.untilUpdate("changed", ({ phase }) => phase === "Held");
    expect(changed.message).toMatch(
      /staging: .*(digest|SHA-256).*Nothing was restored; it cannot be verified again, because the update does not run there .the author of the update: push a corrected one under a new name/i,
    );
    expect(changed.conditions?.map(({ type, status }) => [type, status])).toEqual([
      ["Succeeded", "Unknown"],
      ["Stalled", "True"],
    ]);
    expect((await room.records("changed")).at(-1)).toMatchObject({ to: "Held", reason: "DigestMismatch" });

    await room.apply(update(namespace, "climbing", { version: "9.4.3", url, sha256: sha256(climbing) }));
    const climbed = await room.untilUpdate("climbing", ({ phase }) => phase === "Held");
    expect(climbed.message).toMatch(/staging: .*\.\.\/.*Nothing was restored/);
    expect((await room.records("climbing")).at(-1)).toMatchObject({ to: "Held", reason: "ArchiveRefused" });
    expect(await at.version()).toBe("9.4.1");

    await room.apply(update(namespace, "good", good));
    await room.untilUpdate("good", ({ tier }) => tier === "omega");
    expect(await at.version()).toBe("9.4.4");
    // Every order had a sequence of its own; what was refused was never switched to.
    expect(
      (await room.agent(at)).activations.filter(({ count }) => count > 0).map(({ key }) => key.split(".").at(-1)),
    ).toEqual(["1", "4"]);
    for (const name of ["old", "changed", "climbing", "good"])
      expect(verifyChain(await room.records(name))).toEqual([]);
  },
);
