import { describe, expect, test } from "vitest";
import { actionKey, AUTHOR_KEY } from "../api/actions.ts";
import { CLIENT_STAMPS, IN_FORCE, mainframe, OFF, server, sha, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import type { SeenPolicies } from "./observed.ts";

/** An update that has passed PUBLIC and waits for OMEGA. */
function waiting(approval: object = {}, ...more: readonly Parameters<Scene["add"]>[0][]): Scene {
  const scene = new Scene(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega", { approval }),
    ...more,
  );
  scene.runPassing();
  return scene;
}

/** The same, created by somebody under policies in some state, where the author may not approve. */
function waitingFrom(by: string, policies: SeenPolicies = IN_FORCE): Scene {
  const scene = new Scene(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega", { approval: { author: "Deny" } }),
  );
  scene.policies = policies;
  scene.annotate({ [AUTHOR_KEY]: by });
  scene.runPassing();
  return scene;
}

const gate = (scene: Scene) => scene.run().status.blockedBy?.find(({ gate }) => gate === "approvals");
const begun = (scene: Scene): boolean => scene.run().status.phase === "Verifying";

describe("people, not annotations", () => {
  test("OMEGA needs one person, and gets the update with them named", () => {
    const scene = waiting();
    expect(scene.run().status).toMatchObject({ phase: "AwaitingApproval", approval: "0/1" });
    scene.act("approve", "omega", "alice", { reason: "seen on staging" });
    expect(begun(scene)).toBe(true);
    expect(scene.records.find(({ to, tier }) => to === "Delivering" && tier === "omega")).toMatchObject({
      reason: "Approved",
      readAt: "2",
      approvals: [{ user: "alice", reason: "seen on staging" }],
      actor: { name: "alice", known: "Admission" },
    });
  });

  test("one person in two slots is one person", () => {
    const scene = waiting({ required: 2 });
    scene.act("approve", "omega", "alice");
    scene.act("approve", "omega", "alice", { slot: "2" });
    expect(gate(scene)).toMatchObject({ needed: 1 });
    expect(gate(scene)?.message).toContain("alice does not count: one person counts once");
    scene.act("approve", "omega", "bob", { slot: "3" });
    expect(begun(scene)).toBe(true);
  });

  test("a surplus of approvals is an approval, too", () => {
    const scene = waiting();
    scene.act("approve", "omega", "alice");
    scene.act("approve", "omega", "bob", { slot: "2" });
    expect(begun(scene)).toBe(true);
    expect(scene.records.findLast(({ to }) => to === "Delivering")?.approvals?.map(({ user }) => user)).toEqual([
      "alice",
      "bob",
    ]);
  });

  test("the printed command has the next free slot, also where what uses it does not count", () => {
    const scene = waiting({ required: 3 });
    expect(gate(scene)?.command).toContain(`${actionKey("approve", "omega")}=`);
    scene.act("approve", "omega", "alice");
    expect(gate(scene)?.command).toContain(`${actionKey("approve", "omega", "2")}=`);
    scene.act("approve", "omega", "bob", { slot: "2", token: "0000000000000000" });
    expect(gate(scene)?.command).toContain(`${actionKey("approve", "omega", "3")}=`);
  });

  test("an approval that was withdrawn does not count", () => {
    const scene = waiting();
    scene.act("approve", "omega", "alice");
    scene.withdraw("approve", "omega");
    expect(begun(scene)).toBe(false);
  });

  test("an approval of another tier does not count", () => {
    const scene = waiting();
    scene.act("approve", "public", "alice");
    expect(begun(scene)).toBe(false);
  });

  test("of two servers the one that asks for more decides", () => {
    const scene = waiting({ required: 1 }, server("ra-02", "Omega", { approval: { required: 2 } }));
    scene.act("approve", "omega", "alice");
    expect(scene.run().status).toMatchObject({ approval: "1/2" });
    scene.act("approve", "omega", "bob", { slot: "2" });
    expect(begun(scene)).toBe(true);
  });

  test("a reason of any length fits into the record", () => {
    const scene = waiting();
    scene.act("approve", "omega", "alice", { reason: "because ".repeat(200) });
    expect(begun(scene)).toBe(true);
  });
});

describe("who does not count", () => {
  const robot = "system:serviceaccount:flux-system:kustomize-controller";

  test("nobody: an approval without a stamp", () => {
    const scene = waiting();
    scene.annotate({ [actionKey("approve", "omega")]: scene.token() });
    expect(gate(scene)?.message).toContain("nobody stamped it");
  });

  test("a program, unless the server lists it", () => {
    const scene = waiting();
    scene.act("approve", "omega", robot);
    expect(gate(scene)?.message).toContain("is a program");
    const listed = waiting({ syncBots: [robot] });
    listed.act("approve", "omega", robot);
    expect(begun(listed)).toBe(true);
  });

  test("the author, where the server says so", () => {
    const scene = waitingFrom("alice");
    scene.act("approve", "omega", "alice");
    expect(gate(scene)?.message).toContain("alice created the update");
    scene.act("approve", "omega", "bob", { slot: "2" });
    expect(begun(scene)).toBe(true);
  });

  test("anybody, where nobody knows the author: it was not stamped, a program made it, or the client wrote the stamps", () => {
    const unstamped = waiting({ author: "Deny" });
    unstamped.act("approve", "omega", "alice");
    expect(gate(unstamped)?.message).toContain("who the author is cannot be known");

    const synced = waitingFrom(robot);
    synced.act("approve", "omega", "alice");
    expect(gate(synced)?.message).toContain(`cannot be known behind ${robot}`);

    const old = waitingFrom("carol", CLIENT_STAMPS);
    old.act("approve", "omega", "alice");
    expect(gate(old)?.message).toContain("who the author is cannot be known");

    const planted = waitingFrom("carol", OFF);
    planted.policies = IN_FORCE;
    planted.run();
    planted.act("approve", "omega", "alice");
    expect(planted.records[0]?.actor).toEqual({ name: "unknown", known: "Unknown" });
    expect(gate(planted)?.message).toContain("who the author is cannot be known");
  });
});

const voidedBy = (scene: Scene): string => gate(scene)?.message ?? "";

const distributionAsked = (): Scene => {
  const scene = waiting({ mainframes: { required: 1 } }, mainframe("cust-1"));
  scene.act("approve", "omega", "alice");
  scene.runPassing();
  scene.act("approve", "mainframes", "bob");
  return scene;
};

describe("the token", () => {
  test("a change of the server voids what was approved before, and says that it did", () => {
    const scene = waiting({ required: 2 });
    scene.act("approve", "omega", "alice");
    scene.run();
    scene.targets.set("ra-01", server("ra-01", "Omega", { approval: { required: 2 }, checks: { security: {} } }));
    expect(voidedBy(scene)).toContain("the approval of alice does not count: TokenMismatch");
    expect(voidedBy(scene)).toContain("because targets changed");
    expect(gate(scene)).toMatchObject({ needed: 2 });
  });

  test("so does a change of the policies, even where they are put back as they were", () => {
    const scene = waiting({ required: 2 });
    scene.act("approve", "omega", "alice");
    scene.run();
    scene.policies = { state: "InForce", identity: { actions: 2 }, stamps: "ApiServer" };
    expect(voidedBy(scene)).toContain("because policies changed");
    scene.act("approve", "omega", "bob", { slot: "2", token: scene.token() });
    expect(begun(scene)).toBe(false);
  });

  test("so does the quarantine of the artifact", () => {
    const scene = waiting({ required: 2 });
    scene.act("approve", "omega", "alice");
    scene.run();
    scene.others = [cancelledElsewhere()];
    expect(voidedBy(scene)).toContain("because quarantine changed");
  });

  test("the first digits of another tier's token open nothing", () => {
    const scene = new Scene(
      update("patch"),
      server("staging", "Public", { approval: { required: 1 } }),
      server("ra-01", "Omega"),
    );
    scene.run();
    scene.act("approve", "omega", "alice");
    scene.act("approve", "public", "alice");
    scene.runPassing();
    expect(scene.run().status).toMatchObject({ phase: "AwaitingApproval", tier: "omega" });
  });

  test("the record has the whole token, of which people name the first sixteen digits", () => {
    const scene = waiting();
    const token = scene.token();
    scene.act("approve", "omega", "alice");
    scene.run();
    const record = scene.records.findLast(({ to }) => to === "Delivering");
    expect(record?.token).toMatch(/^[0-9a-f]{64}$/);
    expect(record?.token?.startsWith(token)).toBe(true);
  });

  test("a mainframe that comes or goes voids nothing; a changed rule for mainframes does", () => {
    const grown = distributionAsked();
    grown.add(mainframe("cust-2"));
    grown.runPassing();
    expect(grown.deployment.status.phase).toBe("Completed");
    const changed = distributionAsked();
    changed.targets.set("ra-01", {
      ...server("ra-01", "Omega", { approval: { mainframes: { required: 1 }, author: "Deny" } }),
      status: changed.target("ra-01").status,
    });
    expect(changed.run().status.phase).toBe("AwaitingApproval");
  });
});

describe("what the approval of omega covers", () => {
  test("the mainframes, without another one", () => {
    const scene = waiting({}, mainframe("cust-1"));
    scene.act("approve", "omega", "alice");
    expect(scene.runPassing().status.phase).toBe("Completed");
  });

  test("not the mainframes, where the Omega server asks for one of its own", () => {
    const scene = waiting({ mainframes: { required: 1 } }, mainframe("cust-1"));
    scene.act("approve", "omega", "alice");
    expect(scene.runPassing().status).toMatchObject({ phase: "AwaitingApproval", tier: "mainframes", approval: "0/1" });
    scene.act("approve", "mainframes", "bob");
    expect(scene.runPassing().status.phase).toBe("Completed");
  });
});

describe("quarantine", () => {
  test("an artifact that was cancelled once needs a person on every tier, and its record is in the token", () => {
    const scene = new Scene(
      update("again"),
      server("staging", "Public"),
      server("ra-01", "Omega"),
      mainframe("cust-1"),
    );
    scene.others = [cancelledElsewhere()];
    const clean = new Scene(
      update("again"),
      server("staging", "Public"),
      server("ra-01", "Omega"),
      mainframe("cust-1"),
    );
    clean.policies = IN_FORCE;
    clean.run();
    for (const tier of ["public", "omega", "mainframes"] as const) {
      expect(scene.runPassing().status).toMatchObject({ phase: "AwaitingApproval", tier, approval: "0/1" });
      scene.act("approve", tier, "alice");
    }
    expect(scene.runPassing().status.phase).toBe("Completed");
    expect(
      scene.records.filter(({ to }) => to === "Delivering").every(({ approvals }) => approvals?.length === 1),
    ).toBe(true);
  });

  test("also where a server runs it already: Git bringing it again moves nothing", () => {
    const scene = new Scene(update("again"), server("staging", "Public"));
    scene.others = [cancelledElsewhere()];
    scene.applied(scene.target("staging"), "uid-staging.default.main.1");
    expect(scene.run().status.phase).toBe("AwaitingApproval");
    expect(scene.moves()).toEqual([" -> Waiting"]);
  });

  test("another artifact is not meant", () => {
    const scene = new Scene(
      update("other", { artifact: { archive: { url: "https://alpha.example/ra.tgz", sha256: sha("b") } } }),
      server("staging", "Public"),
    );
    scene.others = [cancelledElsewhere()];
    expect(begun(scene)).toBe(true);
  });
});

test("while the policies are not in force no approval counts, and who can put them back is said", () => {
  const scene = waiting();
  scene.act("approve", "omega", "alice");
  scene.policies = OFF;
  const { status } = scene.run();
  expect(status.blockedBy?.map(({ gate }) => gate)).toContain("policies");
  expect(status.message).toContain(
    "approvals cannot be trusted now: ValidatingAdmissionPolicy/ashat-actions is missing",
  );
  expect(scene.moves().at(-1)).toBe("Verifying -> Passed");
});

test("an approval that names the token shown while they are off opens nothing, then and later", () => {
  const scene = waiting();
  scene.policies = OFF;
  scene.run();
  scene.act("approve", "omega", "alice", { token: scene.deployment.status.token?.value ?? "" });
  expect(begun(scene)).toBe(false);
  scene.policies = IN_FORCE;
  expect(begun(scene)).toBe(false);
});

test("a server that runs the update already does not wait for the approval of its neighbour, nor does its record claim one", () => {
  const scene = waiting({}, server("ra-02", "Omega"));
  scene.applied(scene.target("ra-02"), "uid-ra-02.default.main.1");
  scene.runPassing();
  expect(scene.records.filter(({ tier, to }) => tier === "omega" && to === "Verifying")).toMatchObject([
    { reason: "AlreadyThere", actor: { known: "Operator" } },
  ]);
  expect(scene.records.some(({ approvals }) => approvals !== undefined)).toBe(false);
  expect(scene.run().status.phase).toBe("AwaitingApproval");
});

test("where the client writes the stamps, the printed command has the stamp", () => {
  const scene = waiting();
  scene.policies = CLIENT_STAMPS;
  expect(gate(scene)?.command).toContain('by.ashat.raos.io/approve.omega="$(kubectl auth whoami');
  scene.act("approve", "omega", "alice");
  scene.run();
  expect(scene.last()).toMatchObject({ tier: "omega" });
  expect(scene.records.findLast(({ to }) => to === "Delivering")?.actor).toEqual({ name: "alice", known: "Client" });
});

/** The record with which another update that brought the same artifact was cancelled. */
function cancelledElsewhere() {
  const scene = new Scene(update("first"), server("staging", "Public"));
  scene.agents.set("staging", { state: "NotAnswered", reason: "Unreachable", message: "connection refused" });
  scene.run();
  scene.act("cancel", "public", "dave", { token: scene.deployment.status.token?.value ?? "" });
  scene.run();
  return scene.last();
}
