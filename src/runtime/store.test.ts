import { expect, test } from "vitest";
import type { KubeObject } from "../kube/types.ts";
import { createStore } from "./store.ts";

type Thing = KubeObject & { readonly spec: { readonly color: string } };
const thing = (
  name: string,
  resourceVersion: string,
  options: { readonly uid?: string; readonly color?: string } = {},
): Thing => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, namespace: "default", uid: options.uid ?? `uid-${name}`, resourceVersion },
  spec: { color: options.color ?? "red" },
});
const setUp = () => createStore<Thing, "color">({ color: (object) => [object.spec.color] });
const told = (changes: readonly { readonly object: Thing | undefined; readonly old: Thing | undefined }[]) =>
  changes.map(
    ({ object, old }) => `${old?.metadata.resourceVersion ?? "-"} -> ${object?.metadata.resourceVersion ?? "-"}`,
  );

test("the newer version wins, compared as numbers and not as text", () => {
  const store = setUp();
  store.put(thing("a", "9"));
  expect(told(store.put(thing("a", "10")))).toEqual(["9 -> 10"]);
  expect(store.put(thing("a", "9"))).toEqual([]);
  expect(store.get("default/a")?.metadata.resourceVersion).toBe("10");
});

test("the watch's echo of an own write changes nothing", () => {
  const store = setUp();
  store.put(thing("a", "10"));
  expect(store.put(thing("a", "10"))).toEqual([]);
});

test("a list that reads the same version differently is believed, because the kind's schema may have changed", () => {
  const store = setUp();
  for (const name of ["a", "b"]) store.put(thing(name, "10"));
  store.beginList();
  expect(told(store.put(thing("a", "10", { color: "blue" })))).toEqual(["10 -> 10"]);
  expect(store.put(thing("b", "10"))).toEqual([]);
  expect(store.endList("20")).toEqual([]);
});

test("versions that are not numbers are taken in the order of arrival", () => {
  const store = setUp();
  store.put(thing("a", "x2"));
  expect(told(store.put(thing("a", "x1")))).toEqual(["x2 -> x1"]);
});

test("a late word about a deleted object does not bring it back", () => {
  const store = setUp();
  store.put(thing("a", "10"));
  expect(told(store.remove(thing("a", "12")))).toEqual(["10 -> -"]);
  expect(store.put(thing("a", "11"))).toEqual([]);
  expect(store.put(thing("a", "13"))).toEqual([]);
  expect(store.get("default/a")).toBeUndefined();
});

test("an object made anew under the name of a deleted one is taken, and its late predecessor is not", () => {
  const store = setUp();
  store.put(thing("a", "10"));
  store.remove(thing("a", "12"));
  expect(store.put(thing("a", "11", { uid: "older" }))).toEqual([]);
  expect(told(store.put(thing("a", "14", { uid: "new" })))).toEqual(["- -> 14"]);
});

test("deleted and created anew within one notification is told as a deletion, then an addition", () => {
  const store = setUp();
  store.put(thing("a", "10"));
  expect(told(store.put(thing("a", "15", { uid: "new" })))).toEqual(["10 -> -", "- -> 15"]);
  expect(store.put(thing("a", "11"))).toEqual([]);
});

test("the late deletion of a predecessor leaves its successor alone", () => {
  const store = setUp();
  store.put(thing("a", "15", { uid: "new" }));
  expect(store.remove(thing("a", "12", { uid: "old" }))).toEqual([]);
  expect(store.get("default/a")?.metadata.uid).toBe("new");
});

test("after a complete list what it did not hold is gone, except an own write that is newer than the list", () => {
  const store = setUp();
  for (const name of ["a", "b", "c"]) store.put(thing(name, "10"));
  store.beginList();
  store.put(thing("a", "10"));
  store.put(thing("c", "25"));
  store.put(thing("d", "26"));
  expect(told(store.endList("20"))).toEqual(["10 -> -"]);
  expect([...store.all()].map((object) => object.metadata.name).sort()).toEqual(["a", "c", "d"]);
  store.beginList();
  expect(told(store.endList("21"))).toEqual(["10 -> -"]);
  expect(store.put(thing("b", "10"))).toEqual([]);
});

test("of a server that was restored from an earlier state the list counts, however new the known objects are", () => {
  const store = setUp();
  for (const name of ["a", "b", "c"]) store.put(thing(name, "30"));
  store.remove(thing("c", "31"));
  store.beginList();
  store.rewind();
  expect(told(store.put(thing("a", "10")))).toEqual(["30 -> 10"]);
  expect(told(store.put(thing("c", "11")))).toEqual(["- -> 11"]);
  expect(told(store.endList("20"))).toEqual(["30 -> -"]);
  expect(store.put(thing("a", "9"))).toEqual([]);
});

test("what a list holds in an older state than is known counts, where the known one would stand in it: the server was restored and has caught up", () => {
  const store = setUp();
  for (const name of ["a", "b", "c", "d"]) store.put(thing(name, "30"));
  store.remove(thing("c", "31"));
  store.remove(thing("d", "50"));
  store.beginList();
  for (const name of ["a", "b", "c", "d"]) expect(store.putListed(thing(name, "10"))).toEqual([]);
  // The reply to an own write, which is newer than the list.
  store.put(thing("b", "45"));
  expect(told(store.endList("40"))).toEqual(["30 -> 10", "- -> 10"]);
  expect([...store.all()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort()).toEqual([
    "a@10",
    "b@45",
    "c@10",
  ]);
});

test("a late reply to an own write during a list does not count as listed", () => {
  const store = setUp();
  store.put(thing("a", "30"));
  store.beginList();
  store.putListed(thing("a", "30"));
  store.put(thing("a", "20"));
  expect(told(store.endList("40"))).toEqual([]);
});

test("an interrupted list that begins anew does not count what the first part held", () => {
  const store = setUp();
  store.put(thing("a", "10"));
  store.beginList();
  store.put(thing("a", "10"));
  store.beginList();
  expect(told(store.endList("20"))).toEqual(["10 -> -"]);
});

test("an index follows changes and deletions", () => {
  const store = setUp();
  store.put(thing("a", "1"));
  store.put(thing("b", "2"));
  store.put(thing("a", "3", { color: "blue" }));
  const names = (color: string) => store.by("color", color).map((object) => object.metadata.name);
  expect([names("red"), names("blue")]).toEqual([["b"], ["a"]]);
  store.remove(thing("b", "4"));
  expect(names("red")).toEqual([]);
});

test("what is stored cannot be changed by a reader", () => {
  const store = setUp();
  store.put(thing("a", "1"));
  const held = store.get("default/a") as { spec: { color: string } } | undefined;
  expect(() => {
    if (held !== undefined) held.spec.color = "blue";
  }).toThrow(TypeError);
});
