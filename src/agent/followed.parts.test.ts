import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor, type Target } from "../../test/targets/target.ts";
import { createCa, issue, type Issued } from "../../test/cluster/pki.ts";
import { generateKeys, parseSigningKey } from "../licence/keys.ts";
import { signLicence } from "../licence/licence.ts";
import { signOrder, signRead } from "../licence/sign.ts";

const { here, start, release, driver, end, send, signal } = openBench();

let folders = 0;
/** Files of one agent alone, which the test replaces as whoever runs the machine would. */
const files = async (content: Readonly<Record<string, string>>) => {
  folders += 1;
  const dir = join(here().dir, `own-${folders}`);
  await mkdir(dir);
  const put = async (name: string, text: string): Promise<void> => {
    await writeFile(join(dir, `${name}.new`), text);
    await rename(join(dir, `${name}.new`), join(dir, name));
  };
  for (const [name, text] of Object.entries(content)) await put(name, text);
  return { put, path: (name: string) => join(dir, name) };
};
const keysOf = (...sets: readonly string[]): string =>
  JSON.stringify({ keys: sets.flatMap((text) => (JSON.parse(text) as { readonly keys: readonly object[] }).keys) });

describe("an agent that goes on running believes", () => {
  it("a new key of the operator once it is in its file, and the old one until it is out of it", async () => {
    const next = await generateKeys();
    const nextKey = await parseSigningKey(next.privateJwk);
    const { put, path } = await files({ "jwks.json": here().operator.jwks });
    const events: string[] = [];
    const target = await start({
      config: { operatorKeys: path("jwks.json") },
      seams: { log: (event) => events.push(event) },
    });
    const told = async (key = nextKey) => {
      const token = await signRead(key, { aud: target.name, now: new Date() });
      return driver.observe(target.at, token, signal);
    };
    expect(await told()).toMatchObject({ state: "Refused", reason: "Unauthorized" });
    await put("jwks.json", keysOf(here().operator.jwks, next.jwks));
    expect(await told()).toMatchObject({ state: "Answered" });
    expect(await told(here().operator.key)).toMatchObject({ state: "Answered" });
    const claims = orderFor(target.name, 1, await release("1.0.0"));
    expect(await send(target, { key: claims.key, jws: await signOrder(nextKey, claims) })).toMatchObject({
      report: { state: "Accepted" },
    });
    await end(target, claims.key);

    await put("jwks.json", next.jwks);
    expect(await told(here().operator.key)).toMatchObject({ state: "Refused", reason: "Unauthorized" });
    // In the middle of a change, and without the file, what was there before counts.
    await put("jwks.json", next.jwks.slice(0, 20));
    expect(await told()).toMatchObject({ state: "Answered" });
    await rm(path("jwks.json"));
    expect(await told()).toMatchObject({ state: "Answered" });
    expect(events.filter((event) => event.startsWith("file "))).toEqual([
      "file read anew",
      "file read anew",
      "file not usable, what it held before still counts",
      "file not usable, what it held before still counts",
    ]);
  });

  it("a new key of whoever issues licences", async () => {
    const next = await generateKeys();
    const { put, path } = await files({ "licences.json": await readFile(here().keys.licenceKeys, "utf8") });
    const target = await start({ licensed: true, config: { licenceKeys: path("licences.json") } });
    const at = Math.floor(Date.now() / 1000);
    const licence = await signLicence(await parseSigningKey(next.privateJwk), {
      holder: "Nordwind AG",
      mainframe: target.name,
      versions: "*",
      nbf: at - 60,
      exp: at + 600,
      iat: at,
      jti: "l-1",
    });
    const claims = orderFor(target.name, 1, await release("1.1.0"), { licence });
    const order = { key: claims.key, jws: await signOrder(here().operator.key, claims) };
    expect(await send(target, order)).toMatchObject({ reason: "LicenceSignatureInvalid" });
    await put("licences.json", next.jwks);
    expect(await send(target, order)).toMatchObject({ report: { state: "Accepted" } });
    await end(target, claims.key);
  });
});

it("an agent shows each new connection the certificate that is in its files, and never half of a new one", async () => {
  const ca = await createCa("reload");
  const make = (): Promise<Issued> => issue(ca, { commonName: "agent", ips: ["127.0.0.1"] });
  const [first, second] = [await make(), await make()];
  const { put, path } = await files({ "cert.pem": first.certPem, "key.pem": first.keyPem });
  const target: Target = await start({ config: { tls: { certFile: path("cert.pem"), keyFile: path("key.pem") } } });
  const shown = async ({ sha256 }: Issued): Promise<string> => {
    const token = await signRead(here().operator.key, { aud: target.name, now: new Date() });
    // A connection of its own, as after a pause.
    const { state } = await driver.observe(
      { url: target.at.url, tls: { sha256, ca: `${ca.certPem}\n${"#".repeat((dialled += 1))}` } },
      token,
      signal,
    );
    return state;
  };
  let dialled = 0;
  expect(await shown(first)).toBe("Answered");
  await put("cert.pem", second.certPem);
  expect(await shown(first)).toBe("Answered");
  await put("key.pem", second.keyPem);
  expect(await shown(second)).toBe("Answered");
  expect(await shown(first)).toBe("WrongCertificate");
});
