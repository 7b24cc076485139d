import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { AddressRules } from "../dial/address-rules.ts";
import { readReceiverUrl } from "./receiver-url.ts";
import { readSecrets } from "./receiver.ts";

/** Who is told where a person is needed, and how updates end. */
export interface Notify {
  readonly url: URL;
  readonly secretFile: string;
  readonly source: string;
  readonly ca?: string;
}

export interface NotifyFlags {
  readonly notifyUrl?: string;
  readonly notifyUrlFile?: string;
  readonly notifySecret?: string;
  readonly notifyCa?: string;
  readonly notifySource: string;
}

export const withNotifyFlags = (command: Command): Command =>
  command
    .option("--notify-url <url>", "receiver of CloudEvents: who has to approve, what is held, how updates end")
    .option("--notify-url-file <file>", "file with that address instead, where it is a secret itself")
    .option("--notify-secret <file>", "what they are signed with: whsec_ and base64 (Standard Webhooks), one per line")
    .option("--notify-ca <file>", "CA of the receiver (PEM), where it is not one of the system's")
    .option(
      "--notify-source <uri>",
      "what the events name as their source, where several clusters tell one receiver",
      "urn:ashat",
    );

/** Reads what belongs to the flags, so that what cannot work is said at the start and not when somebody is needed. */
export async function readNotify(flags: NotifyFlags, addresses: AddressRules): Promise<Notify | undefined> {
  const { notifySecret: secretFile, notifyCa, notifySource: source } = flags;
  const url = await receiverUrl(flags, addresses);
  if (url === undefined) {
    if (secretFile !== undefined || notifyCa !== undefined)
      throw new Error(
        "--notify-secret and --notify-ca say nothing without --notify-url or --notify-url-file; add one, or leave them out.",
      );
    return undefined;
  }
  if (secretFile === undefined)
    throw new Error(
      'Notifications need --notify-secret <file>, by which the receiver knows the operator. Make one with: echo "whsec_$(openssl rand -base64 32)" > notify-secret',
    );
  await readSecrets(secretFile);
  const ca = notifyCa === undefined ? undefined : await readFile(notifyCa, "utf8");
  if (ca !== undefined && url.protocol === "http:")
    throw new Error(
      "--notify-ca proves nothing where the address of the receiver begins with http://; use https://, or leave it out.",
    );
  return { url, secretFile, source, ...(ca !== undefined && { ca }) };
}

/** What every process list shows is no place for a secret; what a file says is said nowhere. */
async function receiverUrl(
  { notifyUrl, notifyUrlFile: file }: NotifyFlags,
  addresses: AddressRules,
): Promise<URL | undefined> {
  if (file === undefined)
    return notifyUrl === undefined ? undefined : readReceiverUrl("--notify-url", notifyUrl, addresses);
  const flag = `--notify-url-file ${file}`;
  if (notifyUrl !== undefined) throw new Error(`--notify-url and ${flag} say the same; leave one of them out.`);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Error(
      `${flag} cannot be read (${(error as NodeJS.ErrnoException).code ?? "no reason given"}). Write the address of the receiver into it; where it comes from a Secret, its key is url.`,
      { cause: error },
    );
  });
  return readReceiverUrl(flag, text.trim(), addresses);
}
