import { describe, expect, it } from "vitest";
import { troubleOf } from "./trouble.ts";

const coded = (code: string): Error => Object.assign(new Error("secret detail"), { code });
const circumstances = { where: "shop.example", deadlineMs: 5000, late: false, stopped: false, wrongCertificate: false };

describe("an error while asking", () => {
  it.each([
    ["ECONNREFUSED", "target"],
    ["ECONNRESET", "target"],
    ["UND_ERR_SOCKET", "target"],
    ["UND_ERR_CONNECT_TIMEOUT", "target"],
    ["UND_ERR_HEADERS_TIMEOUT", "target"],
    ["HPE_INVALID_CONSTANT", "target"],
    ["EPROTO", "target"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "target"],
    ["ENOTFOUND", "runner"],
    ["EAI_AGAIN", "runner"],
    ["ENETUNREACH", "runner"],
    ["EHOSTUNREACH", "runner"],
    ["EMFILE", "runner"],
    ["EACCES", "runner"],
    ["EADDRNOTAVAIL", "runner"],
    ["WHATEVER", "runner"],
  ])("%s is a matter of the %s", (code, at) => {
    const trouble = troubleOf(coded(code), circumstances);
    expect(trouble.at).toBe(at);
    expect(trouble.message).toMatch(/^[A-Zs].*\.$/);
  });

  it("finds the code inside a cause, and inside several addresses tried", () => {
    expect(troubleOf(new Error("outer", { cause: coded("ENOTFOUND") }), circumstances).at).toBe("runner");
    expect(troubleOf(new AggregateError([coded("ECONNREFUSED"), coded("ECONNREFUSED")]), circumstances).at).toBe(
      "target",
    );
  });

  it("after the deadline is the target's, after a stop it is nobody's proof", () => {
    expect(troubleOf(new Error("aborted"), { ...circumstances, late: true })).toMatchObject({
      at: "target",
      message: "shop.example did not answer within 5000 ms.",
    });
    expect(troubleOf(new Error("aborted"), { ...circumstances, late: true, stopped: true }).at).toBe("runner");
  });
});
