import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressRules } from "../dial/address-rules.ts";
import { type NotifyFlags, readNotify } from "./notify-options.ts";

const rules = addressRules({ allow: [], remedy: () => "" });
let dir: string;
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(dir, name), text);
  return join(dir, name);
};
const read = async (flags: Partial<NotifyFlags>) =>
  readNotify({ notifySource: "urn:ashat", notifySecret: join(dir, "secret"), ...flags }, rules);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-notify-"));
  await file("secret", `whsec_${Buffer.alloc(32, 5).toString("base64")}\n`);
});
afterAll(() => rm(dir, { recursive: true }));

test("the address of the receiver may come from a file, as a Secret is mounted", async () => {
  const notifyUrlFile = await file("url", "https://hooks.example/path-secret?key=1\n");
  expect((await read({ notifyUrlFile }))?.url.href).toBe("https://hooks.example/path-secret?key=1");
});

test.each([
  ["is empty", "", /--notify-url-file \S+ is no URL/],
  ["would send it in the open", "http://hooks.example/path-secret", /--notify-url-file \S+ leads to hooks\.example/],
  ["carries a password", "https://ann:path-secret@hooks.example/", /--notify-url-file \S+ of hooks\.example/],
])("a file that %s is refused by the flag, and nothing of it but the host is said", async (_, text, says) => {
  const refused = read({ notifyUrlFile: await file("url", text) });
  await expect(refused).rejects.toThrow(says);
  await expect(refused).rejects.not.toThrow("path-secret");
});

test("a file that is not there says so, and which key of a Secret it is", async () => {
  await expect(read({ notifyUrlFile: join(dir, "none") })).rejects.toThrow(
    /--notify-url-file \S+none cannot be read \(ENOENT\)\. .* its key is url\.$/,
  );
});

test("an address that is said twice, and a secret for nobody, are refused", async () => {
  await expect(read({ notifyUrlFile: join(dir, "url"), notifyUrl: "https://hooks.example" })).rejects.toThrow(
    "leave one of them out",
  );
  await expect(read({})).rejects.toThrow("say nothing without --notify-url or --notify-url-file");
});
