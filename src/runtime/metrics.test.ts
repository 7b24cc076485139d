import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("a gauge is told with its help, its type and a line per set of labels", () => {
  const metrics = createMetrics();
  metrics
    .gauge("ashat_things", "How many things there are.")
    .set([{ labels: { namespace: "raos", what: 'a "b" \\ \n c' }, value: 3 }, { value: 0 }]);
  expect(metrics.text()).toBe(
    [
      "# HELP ashat_things How many things there are.",
      "# TYPE ashat_things gauge",
      'ashat_things{namespace="raos",what="a \\"b\\" \\\\ \\n c"} 3',
      "ashat_things 0",
      "",
    ].join("\n"),
  );
});

test("what a gauge does not name any more is gone", () => {
  const metrics = createMetrics();
  const gauge = metrics.gauge("ashat_things", "Things.");
  gauge.set([{ labels: { of: "a" }, value: 1 }]);
  gauge.set([{ labels: { of: "b" }, value: 2 }]);
  expect(metrics.text()).toContain('ashat_things{of="b"} 2');
  expect(metrics.text()).not.toContain('of="a"');
});

test("a name that a Prometheus server would not read, or that is taken, is an error", () => {
  const metrics = createMetrics();
  metrics.gauge("ashat_things", "Things.");
  expect(() => metrics.gauge("ashat_things", "Again.")).toThrow("is one already");
  expect(() => metrics.gauge("ashat things", "Blank.")).toThrow("cannot be the name");
});
