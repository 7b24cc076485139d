import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { generateKeys, KeyError, parseJwks, parseSigningKey, type SigningKey, type VerifyKeys } from "./keys.ts";

export const SIGNING_KEY_FILE = "signing-key.json";
export const JWKS_FILE = "jwks.json";

const writeNew = async (path: string, text: string, mode: number): Promise<void> => {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

const taken =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.code === "EEXIST")
      throw new KeyError(`${path} exists already and is not written over. Name another folder with --out.`);
    throw new KeyError(`${path} cannot be written (${error.code ?? error.message}). Name another folder with --out.`);
  };

/** One level only where its parent is there: a recursive `mkdir` never ends on some file systems that refuse folders. */
const makeFolder = async (dir: string): Promise<void> => {
  if (dir === "") throw new KeyError("--out names no folder: give the one the keys are written into, e.g. --out keys.");
  try {
    await mkdir(dir, { recursive: !(await isFolder(dirname(resolve(dir)))), mode: 0o700 });
  } catch (error) {
    if (await isFolder(dir)) return;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new KeyError(`The folder ${dir} of --out cannot be made (${code ?? message}). Name one that can be written.`);
  }
};

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Writes a new pair into `dir`; an existing key is never written over, because what it signed would lose its proof. */
export const writeKeys = async (
  dir: string,
): Promise<{ readonly kid: string; readonly keyFile: string; readonly jwksFile: string }> => {
  await makeFolder(dir);
  const pair = await generateKeys();
  const keyFile = join(dir, SIGNING_KEY_FILE);
  const jwksFile = join(dir, JWKS_FILE);
  await writeNew(jwksFile, pair.jwks, 0o644).catch(taken(jwksFile));
  await writeNew(keyFile, pair.privateJwk, 0o600).catch(async (error: NodeJS.ErrnoException) => {
    await rm(jwksFile, { force: true });
    return taken(keyFile)(error);
  });
  return { kid: pair.kid, keyFile, jwksFile };
};

const readText = (path: string): Promise<string> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new KeyError(`The key file ${path} cannot be read (${error.code ?? error.message}).`);
  });

export const readSigningKey = async (path: string): Promise<SigningKey> => parseSigningKey(await readText(path), path);
export const readJwks = async (path: string): Promise<VerifyKeys> => parseJwks(await readText(path), path);
