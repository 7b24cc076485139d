import { describe, expect, test } from "vitest";
import { mainframe, OFF, runs, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";

const silent = { state: "NotAnswered", reason: "Unreachable", message: "connection refused" } as const;
const deliveredTo = (scene: Scene): readonly string[] =>
  scene.done.flatMap((effect) => (effect.do === "deliver" ? [effect.target.metadata.name] : []));
const gates = (scene: Scene): readonly string[] => (scene.run().status.blockedBy ?? []).map(({ gate }) => gate);

/** An update on its way to OMEGA, approved, with nothing delivered there yet. */
function approved(...targets: readonly Parameters<Scene["add"]>[0][]): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public"), ...targets);
  scene.runPassing();
  scene.act("approve", "omega", "alice");
  return scene;
}

const fleet = (): Scene => approved(server("ra-01", "Omega"), mainframe("cust-1"), mainframe("cust-2"));

describe("what failed in one place spreads to no other by itself", () => {
  test("a second OMEGA server that comes back after the first one failed is not delivered to", () => {
    const scene = approved(server("ra-01", "Omega"), server("ra-02", "Omega"));
    scene.agents.set("ra-02", silent);
    scene.run();
    scene.verdict("ra-01", "Failed");
    expect(scene.run().status.phase).toBe("Held");
    scene.says("ra-02", { ...runs(scene.target("ra-02"), "9.4.1", sha("b")) });
    expect(gates(scene)).toEqual(["held"]);
    expect(deliveredTo(scene)).toEqual(["staging", "ra-01"]);
  });

  test("a mainframe that gets its licence while another one of its wave is held waits for a person, too", () => {
    const scene = approved(server("ra-01", "Omega"), mainframe("cust-1"), mainframe("cust-2"));
    scene.licences.set("cust-2", { valid: false, reason: "LicenceExpired", message: "it ended" });
    scene.onOrder = (target, key) =>
      target.metadata.name === "cust-1"
        ? {
            state: "Reported",
            report: {
              key,
              state: "Failed",
              reason: "HookFailed",
              message: "the hook ended with 1",
              activations: 1,
              at: "2030-01-01T00:00:00.000Z",
            },
          }
        : scene.applied(target, key);
    scene.runPassing();
    scene.licences.set("cust-2", { valid: true, holder: "Example Ltd" });
    expect(gates(scene)).toEqual(["held"]);
    expect(deliveredTo(scene)).not.toContain("cust-2");
  });
});

describe("the distribution to mainframes needs an approval somewhere", () => {
  test("an OMEGA that ran the artifact already was not approved in this update, so its mainframes ask", () => {
    const scene = new Scene(
      update("again"),
      server("staging", "Public"),
      server("ra-01", "Omega"),
      mainframe("cust-1"),
    );
    for (const name of ["staging", "ra-01"]) scene.says(name, runs(scene.target(name), "9.4.2", sha("a")));
    expect(scene.runPassing().status).toMatchObject({ phase: "AwaitingApproval", tier: "mainframes", approval: "0/1" });
    expect(deliveredTo(scene)).toEqual([]);
    scene.act("approve", "mainframes", "alice");
    expect(scene.runPassing().status.phase).toBe("Completed");
    expect(scene.records.find(({ tier, to }) => tier === "mainframes" && to === "Delivering")?.approvals).toMatchObject(
      [{ user: "alice" }],
    );
  });

  test("an Omega server that came after OMEGA had passed brings no mainframes into this update", () => {
    const scene = approved(server("ra-01", "Omega"), mainframe("cust-1"));
    scene.agents.set("cust-1", silent);
    scene.runPassing();
    scene.add(server("ra-99", "Omega"));
    scene.add(mainframe("cust-99", { omega: "ra-99" }));
    scene.says("cust-1", runs(scene.target("cust-1"), "9.4.1", sha("b")));
    expect(scene.runPassing().status).toMatchObject({ phase: "Completed", mainframes: "1/1" });
    expect(deliveredTo(scene)).not.toContain("cust-99");
  });
});

describe("one mainframe speaks for itself only", () => {
  test.each([
    ["a newer version", "99.0.0", sha("b"), "Superseded"],
    ["the same version with another artifact", "9.4.2", sha("b"), "Refused"],
    ["the same artifact under another version", "9.4.1", sha("a"), "Refused"],
  ])("one that says it runs %s is left out, and the others are delivered to", (_, version, digest, state) => {
    const scene = fleet();
    scene.says("cust-1", runs(scene.target("cust-1"), version, digest));
    const { status } = scene.runPassing();
    expect(status).toMatchObject({ phase: "Completed", mainframes: "1/2" });
    expect(status.message).toContain("left out: cust-1");
    expect(status.tiers?.at(-1)?.targets).toMatchObject([
      { name: "cust-1", state },
      { name: "cust-2", state: "Passed" },
    ]);
    expect(deliveredTo(scene)).toEqual(["staging", "ra-01", "cust-2"]);
  });
});

describe("what a person asked counts only while it can be known who it was", () => {
  test("a cancel written while the policies were off is nobody's, and is answered", () => {
    const scene = approved(server("ra-01", "Omega"));
    scene.policies = OFF;
    scene.run();
    scene.act("cancel", "omega", "the-boss", { token: scene.deployment.status.token?.value ?? "" });
    const { status } = scene.run();
    expect(status.phase).toBe("Waiting");
    expect(status.conditions?.find(({ type }) => type === "ActionIgnored")?.message).toContain(
      "who asked cannot be known",
    );
    expect(scene.moves()).not.toContain("Waiting -> Cancelled");
  });

  test("an approval whose command would be void soon is not asked for while the policies are off", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"), server("ra-01", "Omega"));
    scene.runPassing();
    scene.policies = OFF;
    expect(gates(scene)).toEqual(["policies"]);
  });
});

describe("a status always fits", () => {
  test("a fleet that fails with long words is Held, and says so", () => {
    const names = ["cust-1", "cust-2", "cust-3", "cust-4", "cust-5"];
    const scene = approved(server("ra-01", "Omega"), ...names.map((name) => mainframe(name)));
    scene.onOrder = (target, key) =>
      target.kind === "Server"
        ? scene.applied(target, key)
        : {
            state: "Reported",
            report: {
              key,
              state: "Failed",
              reason: "HealthFailed",
              message: "x".repeat(2000),
              activations: 1,
              at: "2030-01-01T00:00:00.000Z",
            },
          };
    expect(scene.runPassing().status).toMatchObject({ phase: "Held", tier: "mainframes" });
  });
});

describe("an end that can be reached", () => {
  test("an OMEGA that cannot be verified again says how it is let go, and who waits behind it is told the same", () => {
    const scene = approved(server("ra-01", "Omega"));
    scene.onOrder = (_, key) => ({
      state: "Reported",
      report: {
        key,
        state: "Failed",
        reason: "DigestMismatch",
        message: "another digest",
        activations: 0,
        at: "2030-01-01T00:00:00.000Z",
      },
    });
    const { status } = scene.run();
    expect(status.blockedBy?.[0]?.command).toBe("kubectl delete deployments.ashat.raos.io/patch -n prod");

    const behind = approved({ ...server("ra-01", "Omega"), status: scene.target("ra-01").status });
    behind.holders.set("ra-01", "Held");
    const mine = behind.target("ra-01");
    behind.targets.set("ra-01", {
      ...mine,
      status: { apps: [{ app: "default", sequence: 1, claim: { name: "older", uid: "uid-older", version: "9.4.1" } }] },
    });
    expect(behind.run().status.blockedBy?.[0]).toMatchObject({
      gate: "claim",
      command: "kubectl delete deployments.ashat.raos.io/older -n prod",
    });
  });

  test("the second question to verify goes into a free slot: kubectl does not write over the first", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    scene.act("verify", "public", "alice");
    scene.run();
    scene.verdict("staging", "Failed");
    expect(scene.run().status.blockedBy?.[0]?.command).toContain("verify.ashat.raos.io/public.2=");
  });

  test("a held target that another update used meanwhile is not verified as this one's", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    const target = scene.target("staging");
    scene.targets.set("staging", { ...target, status: { apps: [{ app: "default", sequence: 7 }] } });
    scene.act("verify", "public", "alice");
    expect(scene.run().status.phase).toBe("Held");
    expect(scene.moves()).not.toContain("Held -> Verifying");
  });

  test("a silent agent is not taken for one that runs something else", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.run();
    scene.verdict("staging", "Failed");
    scene.run();
    scene.agents.set("staging", silent);
    expect(scene.run().status.blockedBy?.[0]?.message).toContain("is not known while its agent does not answer");
  });
});
