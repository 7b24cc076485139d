import { describe, expect, it } from "vitest";
import { equalsJson, valueAt } from "./pointer.ts";

const document = { status: "ok", items: [{ id: 1 }, { id: 2 }], "a/b": { "m~n": true }, "": 7 };

describe("a JSON pointer", () => {
  it.each([
    ["", true, document],
    ["/status", true, "ok"],
    ["/items/1/id", true, 2],
    ["/a~1b/m~0n", true, true],
    ["/", true, 7],
    ["/items/2", false, undefined],
    ["/items/-", false, undefined],
    ["/items/01", false, undefined],
    ["/items/length", false, undefined],
    ["/status/length", false, undefined],
    ["/constructor", false, undefined],
    ["/__proto__", false, undefined],
  ])("%j is found: %s", (pointer, found, value) => {
    expect(valueAt(document, pointer)).toEqual(found ? { found, value } : { found });
  });
});

describe("what must be there", () => {
  it.each([
    ["ok", "ok", true],
    ["ok", '"ok"', true],
    [3, "3", true],
    ["3", "3", true],
    [true, "true", true],
    [null, "null", true],
    [{ a: [1, 2] }, '{"a":[1,2]}', true],
    [{ a: [1, 2] }, '{"a":[2,1]}', false],
    ["OK", "ok", false],
    [undefined, "undefined", false],
    [0, "false", false],
  ])("%j equals %s: %s", (value, wanted, equal) => {
    expect(equalsJson(value, wanted)).toBe(equal);
  });
});
