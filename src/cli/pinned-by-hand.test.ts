import { expect, test } from "vitest";
import { notReached } from "./archive.ts";
import { pinnedByHand } from "./push.ts";

test("an archive that this machine does not reach can be pushed by its digest, and the command is there", () => {
  const error = notReached(
    "https://alpha.example/ra.tgz",
    Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
  );
  expect(pinnedByHand(error, "deploy push x '<description>' --sha256 <sha256> --version 9.4.3")).toMatchObject({
    message:
      "The archive at https://alpha.example/ra.tgz cannot be reached: connect (ECONNREFUSED). Nothing was pushed. " +
      "Where the servers reach it and only this machine does not, name its digest (sha256sum <file>) and its version.",
    next: ["deploy push x '<description>' --sha256 <sha256> --version 9.4.3"],
    code: 1,
  });
});
