import { describe, expect, test } from "vitest";
import { readWebhookSecrets, webhookHeaders } from "./standard-webhook.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

test("the signature is the one that the libraries of the specification make", () => {
  // The known answer of the reference implementations' tests.
  const headers = webhookHeaders(
    { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}' },
    readWebhookSecrets(SECRET),
    1_614_265_330_000,
  );
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("with two secrets there are two signatures, the first by the first", () => {
  const one = webhookHeaders({ id: "a", body: "{}" }, readWebhookSecrets(SECRET), 0)["webhook-signature"] ?? "";
  const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const both = webhookHeaders({ id: "a", body: "{}" }, readWebhookSecrets(`${SECRET}\n\n${other}\n`), 0);
  expect(both["webhook-signature"]).toMatch(/^v1,\S{44} v1,\S{44}$/);
  expect(both["webhook-signature"]?.startsWith(`${one} `)).toBe(true);
});

describe("a secret that nobody should sign with is refused, and not repeated", () => {
  test.each([
    ["nothing", "\n \n", "no secret"],
    ["a password", "hunter2-hunter2-hunter2-hunter2-hunter2", "line 1"],
    ["too few bytes", `whsec_${Buffer.alloc(23, 1).toString("base64")}`, "24 random bytes"],
    ["a second line that is none", `${SECRET}\nwhsec_!!`, "line 2"],
  ])("%s", (_, text, says) => {
    let message = "";
    try {
      readWebhookSecrets(text);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(says);
    expect(message).not.toContain("hunter2");
    expect(message).not.toContain("MfKQ9r8");
  });
});
