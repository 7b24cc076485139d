import { expect, test } from "vitest";
import type { Raw } from "./kinds.ts";
import { isNews, isNewsOfTarget } from "./news.ts";

const raw = (change: Partial<Raw>, metadata: Partial<Raw["metadata"]> = {}): Raw => ({
  apiVersion: "ashat.raos.io/v1alpha1",
  kind: "Server",
  metadata: { name: "omega", namespace: "ns", uid: "u", resourceVersion: "1", annotations: { a: "1" }, ...metadata },
  spec: { tier: "Omega" },
  ...change,
});
const before = raw({});

test.each<[string, Raw | undefined, Raw | undefined, boolean, boolean]>([
  [
    "the operator wrote conditions",
    raw({ status: { conditions: [{}] } }, { resourceVersion: "2" }),
    before,
    false,
    false,
  ],
  [
    "an update claimed the target",
    raw({ status: { apps: [{ app: "default" }] } }, { resourceVersion: "2" }),
    before,
    false,
    true,
  ],
  ["somebody annotated it", raw({}, { resourceVersion: "2", annotations: { a: "2" } }), before, true, true],
  [
    "somebody deletes it",
    raw({}, { resourceVersion: "2", deletionTimestamp: "2030-01-01T00:00:00Z" }),
    before,
    true,
    true,
  ],
  ["its spec changed, or reads differently under a new schema", raw({ spec: { tier: "Public" } }), before, true, true],
  ["it is new", before, undefined, true, true],
  ["it is gone", undefined, before, true, true],
])("%s", (_situation, now, old, news, newsOfTarget) => {
  expect([isNews(now, old), isNewsOfTarget(now, old)]).toEqual([news, newsOfTarget]);
});
