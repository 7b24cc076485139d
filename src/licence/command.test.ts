import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { licenceCommand } from "./command.ts";
import { readJwks, readSigningKey } from "./key-files.ts";
import { verifyLicence } from "./licence.ts";

const now = new Date("2026-06-01T12:00:00Z");
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-licence-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** Runs the command as a shell would; a failure is what it would have printed. */
const run = async (...args: string[]): Promise<{ out: string; err: string; code: number }> => {
  let out = "";
  let err = "";
  let code = 0;
  const command = licenceCommand({ out: (text) => (out += text), now: () => now });
  for (const part of [command, ...command.commands]) {
    part.exitOverride((stop) => {
      throw stop;
    });
    part.configureOutput({ writeErr: (text) => (err += text), writeOut: (text) => (out += text) });
  }
  await command.parseAsync(args, { from: "user" }).catch((error: { exitCode?: number }) => {
    code = error.exitCode ?? -1;
  });
  return { out, err, code };
};
const issue = (...more: string[]) =>
  run(
    "issue",
    "--key",
    join(dir, "k/signing-key.json"),
    "--holder",
    "Nordwind AG",
    "--mainframe",
    "shop/cust-417",
    "--versions",
    ">=9 <10",
    ...more,
  );

describe("ashat licence", () => {
  it("says which folder cannot be made, and by which option another one is named", async () => {
    await writeFile(join(dir, "file"), "");
    for (const [out, why] of [
      [join(dir, "file"), `The folder ${join(dir, "file")} of --out cannot be made (EEXIST)`],
      ["", "--out names no folder"],
    ] as const) {
      const { err, code } = await run("keygen", "--out", out);
      expect(err).toContain(why);
      expect(code).toBe(1);
    }
    expect(await run("keygen", "--out", join(dir, "a/b/c"))).toMatchObject({ code: 0 });
  });

  it("makes keys, issues a licence that verifies, and shows it", async () => {
    expect(await run("keygen", "--out", join(dir, "k"))).toMatchObject({
      code: 0,
      out: expect.stringContaining("keep it secret"),
    });
    const issued = await issue("--expires", "2027-06-01");
    expect(issued).toMatchObject({ code: 0, err: "" });
    const jwks = await readJwks(join(dir, "k/jwks.json"));
    expect(await verifyLicence(issued.out, jwks, { mainframe: "shop/cust-417", version: "9.4.2", now })).toMatchObject({
      valid: true,
      licence: { exp: Date.parse("2027-06-01") / 1000 },
    });
    const shown = await run("show", issued.out, "--keys", join(dir, "k/jwks.json"));
    expect(shown.out).toContain('"exp": "2027-06-01T00:00:00.000Z"');
    expect(shown.out).toContain("The signature is good");
  });

  it("keeps the private key to its owner and out of the public file", async () => {
    await run("keygen", "--out", join(dir, "k"));
    expect((await stat(join(dir, "k/signing-key.json"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dir, "k/jwks.json"), "utf8")).not.toContain('"d"');
    expect((await readSigningKey(join(dir, "k/signing-key.json"))).kid).toMatch(/^[\w-]{43}$/);
  });

  it("does not write over a key", async () => {
    await run("keygen", "--out", join(dir, "k"));
    const before = await readFile(join(dir, "k/signing-key.json"), "utf8");
    expect(await run("keygen", "--out", join(dir, "k"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("not written over"),
    });
    expect(await readFile(join(dir, "k/signing-key.json"), "utf8")).toBe(before);
  });

  it("says what is wrong with what it was given", async () => {
    await run("keygen", "--out", join(dir, "k"));
    expect((await issue("--expires", "tomorrow")).err).toContain("written like 2026-12-31");
    expect((await issue("--expires", "2026-01-01", "--not-before", "2025-01-01")).err).toContain("lies in the past");
    expect((await issue("--expires", "2027-01-01", "--not-before", "2028-01-01")).err).toContain(
      "must end after it begins",
    );
    expect(
      (
        await run(
          "issue",
          "--key",
          join(dir, "none"),
          "--holder",
          "x",
          "--mainframe",
          "a/b",
          "--versions",
          "1",
          "--expires",
          "2027-01-01",
        )
      ).err,
    ).toContain("cannot be read (ENOENT)");
    expect(
      (
        await run(
          "issue",
          "--key",
          join(dir, "k/jwks.json"),
          "--holder",
          "x",
          "--mainframe",
          "a/b",
          "--versions",
          "1",
          "--expires",
          "2027-01-01",
        )
      ).err,
    ).toContain("not a private Ed25519 JWK");
    expect((await run("show", "nonsense")).err).toContain("not a licence");
  });

  it("refuses a set of trusted keys that holds a private one", async () => {
    await run("keygen", "--out", join(dir, "k"));
    const { writeFile } = await import("node:fs/promises");
    const secret: unknown = JSON.parse(await readFile(join(dir, "k/signing-key.json"), "utf8"));
    await writeFile(join(dir, "bad.json"), JSON.stringify({ keys: [secret] }));
    await expect(readJwks(join(dir, "bad.json"))).rejects.toThrow("holds a private key");
  });
});
