import { describe, expect, test } from "vitest";
import { mainframe, server, update } from "../../test/unit/fixtures.ts";
import { Scene } from "../../test/unit/scene.ts";
import type { OrderState } from "../api/order.ts";
import type { SeenOrder } from "./observed.ts";

const KEY = "uid-staging.default.main.1";
const report = (state: OrderState, reason = "Done", message = "so it is"): SeenOrder => ({
  state: "Reported",
  report: { key: KEY, state, reason, message, activations: 0, at: "2030-01-01T00:00:00.000Z" },
});

function answered(...answers: readonly SeenOrder[]): Scene {
  const scene = new Scene(update("patch"), server("staging", "Public"));
  const left = [...answers];
  scene.onOrder = () => left.shift() ?? report("Accepted");
  return scene;
}

describe("an order", () => {
  test("that is under way is asked about, and nothing is written meanwhile", () => {
    const scene = answered(report("Accepted"));
    const { status, wakeAt } = scene.run();
    expect(status.phase).toBe("Delivering");
    expect(wakeAt).toBe(scene.now + scene.settings.pollMs);
    const writes = scene.done.length;
    scene.orders.set(KEY, report("Switching"));
    scene.run();
    expect(scene.done.length).toBe(writes);
    scene.orders.set(KEY, report("Applied"));
    expect(scene.run().status.phase).toBe("Verifying");
  });

  test("whose reply was lost is asked about before it is sent again, and sent under the same key", () => {
    const scene = answered({ state: "NotAnswered", reason: "Unreachable", message: "connection reset" });
    scene.run();
    expect(scene.run().status.phase).toBe("Delivering");
    scene.orders.set(KEY, { state: "NotFound" });
    scene.onOrder = () => report("Applied");
    scene.orders.delete(KEY);
    scene.run();
    const sent = scene.done.filter((effect) => effect.do === "deliver");
    expect(sent.map((effect) => effect.order.sequence)).toEqual([1, 1]);
    expect(new Set(sent.map((effect) => effect.expiresAt)).size).toBe(1);
  });

  test("that failed is final: held, with what the agent said", () => {
    const scene = answered(report("Failed", "DigestMismatch", "it has another digest."));
    expect(scene.run().status.phase).toBe("Held");
    expect(scene.last()).toMatchObject({
      reason: "DigestMismatch",
      message: "staging: it has another digest. Nothing was restored",
    });
  });

  test("that is refused for now waits; refused for good it is final", () => {
    const busy = answered({ state: "Refused", reason: "Busy", message: "another one is under way" });
    expect(busy.run().status.phase).toBe("Delivering");
    const refused = answered({ state: "Refused", reason: "SequenceTooLow", message: "sequence 1 is not above 4" });
    refused.run();
    expect(refused.last()).toMatchObject({ to: "Held", reason: "SequenceTooLow" });
  });

  test("has its time, and is given up after it", () => {
    for (const [answer, reason] of [
      [report("Accepted"), "DeliveryTimedOut"],
      [{ state: "NotAnswered", reason: "WrongCertificate", message: "another certificate" }, "WrongCertificate"],
      [{ state: "Refused", reason: "Busy", message: "another one is under way" }, "Busy"],
    ] as const) {
      const scene = answered(answer);
      scene.run();
      scene.now += scene.settings.deliveryMs - 1;
      expect(scene.run().status.phase).toBe("Delivering");
      scene.now += 1;
      expect(scene.run().status.phase).toBe("Held");
      expect(scene.last().reason).toBe(reason);
    }
  });

  test("is not sent at all once its time is over", () => {
    const scene = new Scene(update("patch"), server("staging", "Public"));
    scene.beforeEffect = (effect) => {
      if (effect.do === "deliver") throw new Error("crash");
    };
    expect(() => scene.run()).toThrow("crash");
    scene.now += scene.settings.deliveryMs;
    expect(scene.run().status.phase).toBe("Held");
    expect(scene.last().reason).toBe("DeliveryTimedOut");
  });
});

test("of several targets those that applied it go on when all have answered, and the others are held", () => {
  const scene = new Scene(
    update("patch"),
    server("staging", "Public"),
    server("ra-01", "Omega"),
    mainframe("bad"),
    mainframe("good"),
  );
  scene.runPassing();
  scene.act("approve", "omega", "alice");
  scene.onOrder = (target, key) =>
    target.metadata.name === "bad"
      ? report("Failed", "HookFailed", "the hook ended with 1")
      : scene.applied(target, key);
  expect(scene.runPassing().status).toMatchObject({ phase: "Held", mainframes: "1/2" });
  expect(
    scene.records
      .filter(({ tier }) => tier === "mainframes")
      .map(({ to, targets }) => `${to} ${targets?.map(({ name }) => name).join() ?? ""}`),
  ).toEqual(["Delivering bad,good", "Verifying good", "Held bad", "Passed good"]);
});
