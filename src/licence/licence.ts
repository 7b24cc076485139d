import semver from "semver";
import { z } from "zod";
import { type LicenceReason, targetName } from "../api/order.ts";
import { problems } from "../api/problems.ts";
import { signJws, TYP, verifyJws } from "./jws.ts";
import type { SigningKey, VerifyKeys } from "./keys.ts";

const seconds = z.number().int().min(0).max(253_402_300_799);

/** Strict: a claim that this version does not know may be a restriction, so it is not ignored. */
export const LicenceClaims = z
  .strictObject({
    holder: z.string().min(1).max(256),
    mainframe: targetName,
    versions: z
      .string()
      .min(1)
      .max(256)
      .refine((range) => semver.validRange(range) !== null, 'must be a SemVer range such as ">=9 <10"')
      // SemVer reads nothing as everything; who means everything writes "*".
      .refine((range) => range.split("||").every((part) => part.trim() !== ""), "must not have an empty part"),
    nbf: seconds,
    exp: seconds,
    iat: seconds,
    jti: z.string().min(1).max(128),
  })
  .refine(({ nbf, exp }) => nbf < exp, "must end after it begins");
export type LicenceClaims = z.infer<typeof LicenceClaims>;

export type LicenceVerdict =
  | { readonly valid: true; readonly licence: LicenceClaims }
  | { readonly valid: false; readonly reason: LicenceReason; readonly message: string };

const day = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** A pre-release counts as the release it leads to: `<10.0.0` entitles to 9.9.0-rc.1 and not to 10.0.0-rc.1. */
export const entitles = (range: string, version: string): boolean => {
  const parsed = semver.parse(version);
  return parsed !== null && semver.satisfies(`${parsed.major}.${parsed.minor}.${parsed.patch}`, range);
};

const no = (reason: LicenceReason, message: string): LicenceVerdict => ({ valid: false, reason, message });

/** What a licence says and whether it was issued: true for ever, so it may be kept. */
export type LicenceText =
  | { readonly state: "Issued"; readonly claims: LicenceClaims }
  | { readonly state: "Missing" }
  | {
      readonly state: "Refused";
      readonly reason: "LicenceMalformed" | "LicenceSignatureInvalid";
      readonly message: string;
    };

export const readLicence = async (jws: string | undefined, keys: VerifyKeys): Promise<LicenceText> => {
  if (jws === undefined || jws.trim() === "") return { state: "Missing" };
  const signed = await verifyJws(jws.trim(), TYP.licence, keys);
  if (!signed.ok) {
    const reason = signed.reason === "Malformed" ? "LicenceMalformed" : "LicenceSignatureInvalid";
    return { state: "Refused", reason, message: `is not accepted. ${signed.message}` };
  }
  const parsed = LicenceClaims.safeParse(signed.payload);
  if (!parsed.success)
    return { state: "Refused", reason: "LicenceMalformed", message: `is not well formed: ${problems(parsed.error)}` };
  return { state: "Issued", claims: parsed.data };
};

/** What a licence is asked to allow; without a version, whether it is valid in itself. */
export interface LicenceQuestion {
  readonly mainframe: string;
  readonly version?: string | undefined;
  readonly now: Date;
}

/** Decides whether a licence lets `mainframe` have `version` at `now`. */
export const judgeLicence = (text: LicenceText, { mainframe, version, now }: LicenceQuestion): LicenceVerdict => {
  const renew = `Whoever issues licences makes a new one with: ashat licence issue --mainframe ${mainframe} ...`;
  if (text.state === "Missing") return no("LicenceMissing", `Mainframe ${mainframe} has no licence. ${renew}`);
  if (text.state === "Refused")
    return no(text.reason, `The licence of mainframe ${mainframe} ${text.message} ${renew}`);
  const licence = text.claims;
  const whose = `The licence ${licence.jti} of ${licence.holder}`;
  if (licence.mainframe !== mainframe)
    return no(
      "LicenceWrongMainframe",
      `${whose} is for mainframe ${licence.mainframe}, not for ${mainframe}. ${renew}`,
    );

  const at = now.getTime() / 1000;
  if (!(at >= licence.nbf))
    return no("LicenceNotYetValid", `${whose} for mainframe ${mainframe} begins at ${day(licence.nbf)}.`);
  if (!(at < licence.exp))
    return no("LicenceExpired", `${whose} for mainframe ${mainframe} ended at ${day(licence.exp)}. ${renew}`);
  if (version !== undefined && !entitles(licence.versions, version)) {
    return no(
      "LicenceVersionNotEntitled",
      `${whose} entitles mainframe ${mainframe} to versions ${licence.versions}, not to ${version}. ${renew}`,
    );
  }
  return { valid: true, licence };
};

/** Both at once, offline. */
export const verifyLicence = async (
  jws: string | undefined,
  keys: VerifyKeys,
  question: LicenceQuestion,
): Promise<LicenceVerdict> => judgeLicence(await readLicence(jws, keys), question);

export const signLicence = (key: SigningKey, claims: LicenceClaims): Promise<string> =>
  signJws(key, TYP.licence, LicenceClaims.parse(claims));
