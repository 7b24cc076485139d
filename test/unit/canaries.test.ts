import { expect, test } from "vitest";
import { sightings, spellingsOf } from "../world/canaries.ts";

const SECRET = 'k:9/ä+@%"x?>';
const seenIn = (text: string): boolean =>
  sightings([{ what: "it", secret: SECRET }], new Map([["a text", text]])).length > 0;

test.each([
  ["as it is", `before ${SECRET} after`],
  ["in JSON", JSON.stringify({ url: `postgres://ra:${SECRET}@db` })],
  ["in JSON in JSON", JSON.stringify({ line: JSON.stringify({ url: SECRET }) })],
  ["in a URL", `https://x/?q=${encodeURIComponent(`a ${SECRET} b`)}`],
  ["in base64", Buffer.from(`ab${SECRET}cd`).toString("base64")],
  ["in base64, one further", Buffer.from(`abc${SECRET}d`).toString("base64")],
  ["in base64, two further", Buffer.from(`abcd${SECRET}`).toString("base64")],
  ["in the base64 of a URL", Buffer.from(`postgres://ra:${encodeURIComponent(SECRET)}@db`).toString("base64")],
  ["in base64url", Buffer.from(`{"d":"${SECRET.slice(0, 0)}`.concat(SECRET)).toString("base64url")],
  ["in hex", Buffer.from(SECRET).toString("hex")],
])("a canary is seen %s", (_name, text) => {
  expect(seenIn(text)).toBe(true);
});

test("what is no canary is none", () => {
  expect(seenIn("nothing of it")).toBe(false);
  expect(Math.min(...spellingsOf(SECRET).map((spelling) => spelling.length))).toBeGreaterThan(8);
});
