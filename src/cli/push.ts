import { readFile } from "node:fs/promises";
import { compareVersions, isVersion } from "../api/version.ts";
import { ANY_ADDRESS } from "../dial/address-rules.ts";
import { pinnedAgent } from "../dial/pinned.ts";
import { alreadyExists } from "../kube/errors.ts";
import { type Archive, NotRead, readArchive } from "./archive.ts";
import { archiveTemplate, ARCHIVE_URL_VARIABLE, filled, knownTemplate, needsVersion } from "./archive-url.ts";
import { descriptionFrom } from "./description.ts";
import { EXIT } from "./exit.ts";
import { type Update, UPDATES } from "./kinds.ts";
import { type Fleet, findUpdate, fleetOf, ofTier } from "./lookup.ts";
import { displayed, idOf, kubeName, LONGEST_UPDATE, shownAs } from "./names.ts";
import { nextOf } from "./next.ts";
import { nextVersion } from "./next-version.ts";
import { No, usage } from "./no.ts";
import { refuseOlder, replacedBy } from "./overtaken.ts";
import { planOf } from "./plan.ts";
import { machine, type Output } from "./output.ts";
import { quoted } from "./quoted.ts";
import { refusedRequest } from "./refused.ts";
import { sayNext } from "./say.ts";
import type { Session } from "./session.ts";
import { indented } from "./table.ts";
import { withoutCommand } from "./where.ts";
import { plural } from "./words.ts";

export interface PushOptions {
  readonly version?: string;
  readonly app?: string;
  readonly archive?: string;
  readonly sha256?: string;
  readonly archiveCa?: string;
  readonly allowOlder?: boolean;
  readonly output?: Output;
}

/** Brings a new update: fills in what was not said, pins the artifact by its content, and says what will happen. */
export async function push(session: Session, typed: string, text: string, options: PushOptions): Promise<number> {
  const { client, namespace, screen, deploy } = session;
  const description = descriptionFrom(text, typed, deploy);
  const name = kubeName(typed, LONGEST_UPDATE);
  if (options.version !== undefined && !isVersion(options.version))
    throw usage(`${options.version} is no version: --version is SemVer, such as 9.4.2 or 9.4.2-rc.1.`);
  if (options.sha256 !== undefined && !/^[0-9a-f]{64}$/.test(options.sha256))
    throw usage("--sha256 is the digest of the archive: 64 hex digits in lower case.");
  const [existing, fleet, { items: updates }] = await Promise.all([
    findUpdate(session, typed),
    fleetOf(session),
    client.list(UPDATES, { namespace }),
  ]);
  if (existing !== undefined) throw exists(session, existing);
  if (ofTier(fleet, "public").length === 0)
    throw new No(`Public Server not configured: namespace ${namespace} has none, so there is nowhere to push to.`, {
      next: [deploy("configure public <url> <name>")],
    });
  const app = options.app ?? "default";
  const { url, version, archive } = await pinned(session, { name, app, fleet, updates, options });
  const of = archive.app ?? app;
  if (options.allowOlder !== true)
    refuseOlder({ app: of, version }, fleet.servers, deploy(pushedOlder(typed, description, version, options)));
  const draft = {
    metadata: { name, namespace, annotations: displayed(typed, name) },
    spec: {
      app: of,
      description,
      version,
      artifact: { archive: { url, sha256: archive.sha256 } },
      ...(options.allowOlder === true && { allowOlder: true }),
    },
  };
  const made = await client.create(UPDATES, draft, { fieldValidation: "Strict" }).catch(async (error: unknown) => {
    if (alreadyExists(error)) throw exists(session, await client.get(UPDATES, { namespace, name }));
    throw refusedRequest(error, { what: `Pushing ${typed}`, role: "ashat-editor", namespace });
  });
  if (options.output !== undefined) {
    machine(screen, [made], options.output);
    return EXIT.good;
  }
  const plan = planOf(version, fleet);
  screen.print(`Update ID: ${screen.paint.bold(shownAs(made))}`);
  screen.print(`Target: ${ofTier(fleet, "public").map(shownAs).join(", ")}`);
  screen.print(`Version: ${made.spec.app} ${version}, sha256:${archive.sha256.slice(0, 12)}… from ${url}`);
  screen.print(`Deployment Plan: ${plural(plan.length, "step")}`);
  for (const [index, step] of plan.entries()) {
    const [first = "", ...more] = indented(step, screen.width, "     ");
    screen.print(`  ${index + 1}. ${first.trimStart()}`);
    for (const line of more) screen.print(line);
  }
  for (const line of replacedBy({ app: of, version }, updates, fleet.servers))
    for (const part of indented(line, screen.width, "")) screen.print(screen.paint.wait(part));
  sayNext(session, [deploy(`verify ${idOf(made)}`)]);
  return EXIT.good;
}

/** The same push, whole, with the leave to replace what is newer. */
const pushedOlder = (id: string, description: string, version: string, options: PushOptions): string =>
  [
    `push ${quoted(id)} ${quoted(description)} --version ${version}`,
    ...Object.entries({
      "--archive": options.archive,
      "--archive-ca": options.archiveCa,
      "--sha256": options.sha256,
      "--app": options.app,
    }).flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${quoted(value)}`])),
    "--allow-older",
  ].join(" ");

const exists = ({ deploy, now }: Session, update: Update): No => {
  const next = nextOf(update, deploy, now());
  const { phase = "not looked at yet", message = "" } = update.status ?? {};
  return new No(
    `Deployment session already exists: ${shownAs(update)} is ${phase}${message === "" ? "" : ` (${withoutCommand(message)})`}. An update never changes: push a changed one under a new id.`,
    { next: next === undefined ? [] : [next] },
  );
};

interface Pinned {
  readonly url: string;
  readonly version: string;
  readonly archive: { readonly sha256: string; readonly app?: string };
}

async function pinned(
  session: Session,
  {
    name,
    app,
    fleet,
    updates,
    options,
  }: {
    readonly name: string;
    readonly app: string;
    readonly fleet: Fleet;
    readonly updates: readonly Update[];
    readonly options: PushOptions;
  },
): Promise<Pinned> {
  const { env, signal } = session;
  const template = knownTemplate({
    option: options.archive,
    variable: env[ARCHIVE_URL_VARIABLE],
    servers: fleet.servers,
  });
  if (template === undefined)
    throw usage(
      `It is not known where the archive of ${name} is.`,
      `once for all updates: ${session.deploy("configure public <url> <name> --archive-url 'https://<host>/<path>-{version}.tgz'")}`,
      `for this one: ${session.deploy(`push ${name} '<description>' --archive https://<host>/<path>.tgz`)}`,
    );
  archiveTemplate(template);
  const above = options.version ?? nextVersion(app, [...fleet.servers, ...fleet.mainframes], updates);
  if (above === undefined && (needsVersion(template) || options.sha256 !== undefined))
    throw usage(
      `The version of ${name} is not known: no server says what it runs, so none can be counted on.`,
      session.deploy(`push ${name} '<description>' --version <version>`),
    );
  const url = filled(template, { id: name, version: above ?? "", app });
  if (options.sha256 !== undefined) return { url, version: above ?? "", archive: { sha256: options.sha256 } };
  session.screen.complain(`Reading ${url} to pin it by its content`);
  const { manifest, sha256 } = await read(url, options.archiveCa, signal).catch((error: unknown) => {
    throw error instanceof NotRead ? pinnedByHand(error, session.deploy(wholeByHand(name, above, options))) : error;
  });
  const asked = options.version ?? (needsVersion(template) ? above : undefined);
  if (asked !== undefined && compareVersions(asked, manifest.version) !== 0)
    throw new No(
      `The archive at ${url} says it is version ${manifest.version}, and ${asked} was asked for: nothing was pushed.`,
      {
        next: [session.deploy(`push ${name} '<description>' --version ${manifest.version}`)],
      },
    );
  if (options.app !== undefined && options.app !== manifest.app)
    throw new No(
      `The archive at ${url} is of app ${manifest.app}, and ${options.app} was asked for: nothing was pushed.`,
    );
  return { url, version: asked ?? manifest.version, archive: { sha256, app: manifest.app } };
}

const wholeByHand = (id: string, version: string | undefined, { archive, app }: PushOptions): string =>
  [
    `push ${id} '<description>'`,
    ...(archive === undefined ? [] : [`--archive ${quoted(archive)}`]),
    ...(app === undefined ? [] : [`--app ${app}`]),
    `--sha256 <sha256> --version ${version ?? "<version>"}`,
  ].join(" ");

/** What cannot be read from here is pushed by whoever knows its digest. */
export const pinnedByHand = (error: NotRead, command: string): No =>
  new No(
    `${error.message.replace(/[.]$/, "")}. Nothing was pushed. Where the servers reach it and only this machine does not, name its digest (sha256sum <file>) and its version.`,
    { next: [command], code: error.code },
  );

const TIMES = { connectMs: 10_000, headersMs: 30_000, bodyMs: 30_000 } as const;

async function read(url: string, caFile: string | undefined, signal: AbortSignal): Promise<Archive> {
  const ca =
    caFile === undefined
      ? undefined
      : await readFile(caFile, "utf8").catch((error: NodeJS.ErrnoException) => {
          throw usage(`The file ${caFile} of --archive-ca cannot be read (${error.code ?? error.message}).`);
        });
  const dispatcher = pinnedAgent(ca === undefined ? {} : { ca }, TIMES, ANY_ADDRESS);
  try {
    return await readArchive(dispatcher, url, signal);
  } finally {
    await dispatcher.destroy();
  }
}
