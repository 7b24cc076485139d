import { expect, test } from "vitest";
import { addressRules } from "../dial/address-rules.ts";
import { readReceiverUrl } from "./receiver-url.ts";

const rules = addressRules({ allow: ["127.0.0.0/8"], remedy: () => "" });

test.each([
  "https://hooks.example/ashat?key=1",
  "http://hooks.team.svc/ashat",
  "http://hooks.team.svc.cluster.local:8080/ashat",
  "http://127.0.0.1:9/ashat",
])("%s can be told", (url) => {
  expect(readReceiverUrl("--notify-url", url, rules).href).toBe(url);
});

test.each([
  ["hooks.example", "is no URL"],
  ["ftp://hooks.example/", "is no URL"],
  ["https://ann:hunter2@hooks.example/path-secret", "leave them out"],
  ["http://hooks.example/path-secret", "https://"],
  ["http://10.0.0.7/path-secret", "--allow-address"],
  ["http://hooks.team.svcx/path-secret", "https://"],
  ["http://svc/path-secret", "https://"],
])("%s cannot, and no more than its host is said", (url, says) => {
  expect(() => readReceiverUrl("--notify-url", url, rules)).toThrow(says);
  expect(() => readReceiverUrl("--notify-url", url, rules)).not.toThrow(/hunter2|path-secret/);
});
