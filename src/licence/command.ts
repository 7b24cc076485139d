import { randomUUID } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { problems } from "../api/problems.ts";
import { readJwks, readSigningKey, writeKeys } from "./key-files.ts";
import { LicenceClaims, signLicence } from "./licence.ts";
import { TYP, verifyJws } from "./jws.ts";

export interface LicenceIo {
  readonly out: (text: string) => void;
  readonly now: () => Date;
}

const processIo: LicenceIo = { out: (text) => void process.stdout.write(text), now: () => new Date() };

const seconds = (text: string): number => {
  const at = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError("A time is written like 2026-12-31 or 2026-12-31T23:59:59Z.");
  return Math.floor(at / 1000);
};

interface IssueOptions {
  readonly key: string;
  readonly holder: string;
  readonly mainframe: string;
  readonly versions: string;
  readonly notBefore?: number;
  readonly expires: number;
}

const issue = async (options: IssueOptions, io: LicenceIo): Promise<void> => {
  const iat = Math.floor(io.now().getTime() / 1000);
  const claims = LicenceClaims.safeParse({
    holder: options.holder,
    mainframe: options.mainframe,
    versions: options.versions,
    nbf: options.notBefore ?? iat,
    exp: options.expires,
    iat,
    jti: randomUUID(),
  });
  if (!claims.success) throw new Error(`No licence was made:\n${problems(claims.error)}`);
  if (claims.data.exp <= iat) throw new Error("No licence was made: --expires lies in the past.");
  io.out(`${await signLicence(await readSigningKey(options.key), claims.data)}\n`);
};

const time = (value: unknown): string => (typeof value === "number" ? new Date(value * 1000).toISOString() : "-");

const show = async (jws: string, options: { readonly keys?: string }, io: LicenceIo): Promise<void> => {
  const text = jws.trim();
  let header: unknown;
  let claims: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(text);
    claims = decodeJwt(text);
  } catch {
    throw new Error("This is not a licence: a compact JWS (three parts joined by dots) is needed.");
  }
  const times = Object.fromEntries(["nbf", "exp", "iat"].map((name) => [name, time(claims[name])]));
  io.out(`${JSON.stringify({ header, claims: { ...claims, ...times } }, null, 2)}\n`);
  if (options.keys === undefined) {
    io.out("The signature was not checked; do so with: ashat licence show --keys <jwks file> <licence>\n");
    return;
  }
  const signed = await verifyJws(text, TYP.licence, await readJwks(options.keys));
  if (!signed.ok) throw new Error(signed.message);
  io.out(`The signature is good (key ${signed.kid}).\n`);
};

/** `ashat licence ...`: makes key pairs and licences, needs no network and no cluster. */
export const licenceCommand = (io: LicenceIo = processIo): Command => {
  const command = new Command("licence").description(
    "Makes and reads licences of mainframes, and the keys that sign them.",
  );
  const run = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 1 });
    }
  };
  command
    .command("keygen")
    .description("Makes an Ed25519 key pair, for licences or for orders: a private JWK (mode 0600) and a public JWKS.")
    .requiredOption("--out <dir>", "folder to write signing-key.json and jwks.json into")
    .action((options: { readonly out: string }) =>
      run(
        writeKeys(options.out).then(({ kid, keyFile, jwksFile }) =>
          io.out(`Key ${kid}\nprivate, keep it secret:  ${keyFile}\npublic, hand it out:      ${jwksFile}\n`),
        ),
      ),
    );
  command
    .command("issue")
    .description("Signs a licence and prints it.")
    .requiredOption("--key <file>", "private JWK that signs")
    .requiredOption("--holder <text>", "who the licence is for")
    .requiredOption("--mainframe <namespace/name>", "the installation it is for")
    .requiredOption("--versions <range>", 'SemVer range it entitles to, such as ">=9 <10"')
    .option("--not-before <time>", "when it begins; default: now", seconds)
    .requiredOption("--expires <time>", "when it ends", seconds)
    .action((options: IssueOptions) => run(issue(options, io)));
  command
    .command("show")
    .description("Prints what a licence says.")
    .argument("<licence>", "the compact JWS")
    .option("--keys <file>", "JWKS to check the signature with")
    .action((jws: string, options: { readonly keys?: string }) => run(show(jws, options, io)));
  return command;
};
