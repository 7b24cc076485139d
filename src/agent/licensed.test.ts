import { describe, expect, it } from "vitest";
import { openBench } from "../../test/targets/bench.ts";
import { orderFor } from "../../test/targets/target.ts";
import { signLicence } from "../licence/licence.ts";

const { here, start, release, sign, send, carryOut, status } = openBench();

const licence = (
  mainframe: string,
  change: Partial<{ versions: string; exp: number; nbf: number }> = {},
): Promise<string> => {
  const at = Math.floor(Date.now() / 1000);
  return signLicence(here().issuer.key, {
    holder: "Nordwind AG",
    mainframe,
    versions: ">=8 <9",
    nbf: at - 60,
    exp: at + 3600,
    iat: at,
    jti: "l-1",
    ...change,
  });
};

describe("a mainframe's agent", () => {
  it("applies an order only under a valid licence, and takes the same order once the licence is renewed", async () => {
    const target = await start({ licensed: true });
    const claims = orderFor(target.name, 1, await release("8.1.0"));
    const past = Math.floor(Date.now() / 1000) - 1;
    const refusals: readonly (readonly [string | undefined, string])[] = [
      [undefined, "LicenceMissing"],
      ["nonsense", "LicenceMalformed"],
      [await licence("shop/other"), "LicenceWrongMainframe"],
      [await licence(target.name, { exp: past }), "LicenceExpired"],
      [await licence(target.name, { nbf: past + 600 }), "LicenceNotYetValid"],
      [await licence(target.name, { versions: "<8" }), "LicenceVersionNotEntitled"],
      [(await licence(target.name)).replace(/.$/, (last) => (last === "A" ? "Q" : "A")), "LicenceSignatureInvalid"],
    ];
    for (const [text, reason] of refusals) {
      const answer = await send(target, await sign({ ...claims, ...(text === undefined ? {} : { licence: text }) }));
      expect(answer, reason).toMatchObject({ state: "Refused", status: 403, reason });
    }
    expect(await status(target)).toMatchObject({ apps: [], seen: [], activations: [] });
    expect(await carryOut(target, { ...claims, licence: await licence(target.name) })).toMatchObject({
      state: "Applied",
    });
  });

  it("does not ask for a licence where it is none", async () => {
    const target = await start();
    expect(await carryOut(target, orderFor(target.name, 1, await release("8.2.0")))).toMatchObject({
      state: "Applied",
    });
  });
});
