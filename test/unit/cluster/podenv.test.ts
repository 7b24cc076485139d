import { expect, test } from "vitest";
import { expanded } from "../../cluster/podenv.ts";

test.each([
  ["a known name", "url=$(URL)", "url=https://a"],
  ["an unknown name stays", "$(NOT)", "$(NOT)"],
  ["an escaped name stays, without the escape", "$$(URL)", "$(URL)"],
  ["a value is not read again", "$(LOOP)", "$(LOOP)"],
  ["a lone dollar", "5$ $URL", "5$ $URL"],
])("%s is expanded as Kubernetes does", (_, text, result) => {
  expect(expanded(text, { URL: "https://a", LOOP: "$(LOOP)" })).toBe(result);
});
