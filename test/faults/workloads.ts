import type { DeploymentStatus } from "../../src/api/deployment.ts";
import type { Room } from "./room.ts";
import { SYNC_BOT } from "./room.ts";

/** What people do in one run, up to the end they wait for. An operator that is disturbed has to bring them to the same end. */
export interface Workload {
  readonly name: string;
  /** Updates whose chains are compared. */
  readonly updates: readonly string[];
  readonly drive: (room: Room) => Promise<void>;
}

const isHeld = ({
  phase,
  blockedBy,
}: {
  readonly phase?: string | undefined;
  readonly blockedBy?: readonly { readonly gate: string }[] | undefined;
}): boolean => phase === "Held" && blockedBy?.some(({ gate }) => gate === "held") === true;

const heldToken = ({ blockedBy }: Pick<DeploymentStatus, "blockedBy">): string | undefined =>
  blockedBy?.find(({ gate }) => gate === "held")?.token;

const omegaToken = ({ tiers }: Pick<DeploymentStatus, "tiers">): string | undefined =>
  tiers?.find(({ name }) => name === "omega")?.token;

export const WORKLOADS: readonly Workload[] = [
  {
    name: "main",
    updates: ["first"],
    drive: async (room) => {
      await Promise.all([room.serve("staging", "Public"), room.serve("omega", "Omega")]);
      await room.feed("mf-1", "omega");
      await room.push("first", "9.4.2");
      await room.approve("ann", "first", "omega");
      await room.until("first", ({ phase }) => phase === "Completed");
    },
  },
  {
    name: "failed-verification",
    updates: ["first"],
    drive: async (room) => {
      await Promise.all([room.serve("staging", "Public"), room.serve("omega", "Omega")]);
      await room.sicken("staging", true);
      await room.push("first", "9.4.2");
      // A person acts on the command that is shown; while the policies cannot be read there is none.
      const held = await room.until("first", (status) => isHeld(status) && heldToken(status) !== undefined);
      await room.sicken("staging", false);
      const token = heldToken(held) ?? "";
      await room.act("ann", "first", { verb: "verify", tier: "public", token });
      await room.until("first", ({ phase }) => phase === "AwaitingApproval");
    },
  },
  {
    name: "rollback",
    updates: ["first", "second"],
    drive: async (room) => {
      await Promise.all([room.serve("staging", "Public"), room.serve("omega", "Omega")]);
      await room.feed("mf-1", "omega");
      await room.push("first", "9.4.1");
      await room.approve("ann", "first", "omega");
      await room.until("first", ({ phase }) => phase === "Completed");
      await room.push("second", "9.4.2");
      await room.approve("ann", "second", "omega");
      const done = await room.until(
        "second",
        (status) => status.phase === "Completed" && omegaToken(status) !== undefined,
      );
      room.begin();
      const token = omegaToken(done) ?? "";
      await room.act("ann", "second", { verb: "rollback", tier: "omega", token, reason: "orders are lost" });
      await room.until("second", ({ phase }) => phase === "RolledBack");
    },
  },
  {
    name: "cancel",
    updates: ["first"],
    drive: async (room) => {
      await Promise.all([room.serve("staging", "Public"), room.serve("omega", "Omega")]);
      await room.push("first", "9.4.2");
      const { token } = await room.until("first", ({ phase }) => phase === "AwaitingApproval");
      await room.act("ann", "first", { verb: "cancel", tier: "omega", token: token?.value ?? "", reason: "not today" });
      await room.until("first", ({ phase }) => phase === "Cancelled");
    },
  },
  {
    name: "superseded",
    updates: ["first", "second"],
    drive: async (room) => {
      await Promise.all([room.serve("staging", "Public"), room.serve("omega", "Omega")]);
      await room.sicken("staging", true);
      await room.push("first", "9.4.2");
      await room.until("first", isHeld);
      await room.sicken("staging", false);
      await room.push("second", "9.4.3");
      await room.until("first", ({ phase }) => phase === "Superseded");
      await room.until("second", ({ phase }) => phase === "AwaitingApproval");
    },
  },
  {
    name: "git",
    updates: ["first"],
    drive: async (room) => {
      await Promise.all([
        room.serve("staging", "Public"),
        room.serve("omega", "Omega", { approval: { required: 1, syncBots: [SYNC_BOT] } }),
      ]);
      await room.commit("first", "9.4.2", "omega");
      await room.until("first", ({ phase }) => phase === "Completed");
    },
  },
  {
    name: "recreated",
    updates: ["first"],
    drive: async (room) => {
      await Promise.all([room.serve("staging", "Public", { approval: { required: 1 } }), room.serve("omega", "Omega")]);
      await room.push("first", "9.4.2");
      await room.until("first", ({ phase }) => phase === "AwaitingApproval");
      await room.withdraw("first");
      await room.push("first", "9.4.2");
      await room.approve("ann", "first", "public");
      await room.until("first", ({ phase, tier }) => phase === "AwaitingApproval" && tier === "omega");
    },
  },
];
