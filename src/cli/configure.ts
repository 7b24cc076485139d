import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { Resource } from "../kube/types.ts";
import { configured } from "./configured.ts";
import { isServer, type MainframeObject, MAINFRAMES, type ServerObject, SERVERS, type Target } from "./kinds.ts";
import { fleetOf, ofTier } from "./lookup.ts";
import { DISPLAY_NAME, displayed, isCalled, isKubeName, kubeName, LONGEST_TARGET, shownAs } from "./names.ts";
import { No, usage } from "./no.ts";
import { refusedRequest } from "./refused.ts";
import { refuseSameAddress } from "./same-address.ts";
import type { Session } from "./session.ts";
import {
  type ConfigureOptions,
  differences,
  type Files,
  keptInGit,
  type PlaceKind,
  type Wanted,
  wantedMainframe,
  wantedServer,
  withoutNull,
} from "./wanted.ts";

export interface ConfigureFiles {
  readonly licence?: string;
  readonly checks?: string;
}

/** Makes a target known, or changes what was said of it; what was not said stays as it is. */
export async function configure(
  session: Session,
  place: PlaceKind,
  url: string,
  typed: string,
  options: ConfigureOptions & ConfigureFiles,
): Promise<number> {
  const files = await readFiles(options);
  const made =
    place === "mainframe"
      ? await configureMainframe(session, url, typed, options, files)
      : await put(session, SERVERS, url, typed, (before) => wantedServer(place, url, options, files, before));
  return configured(session, made, options.timeoutMs);
}

async function configureMainframe(
  session: Session,
  url: string,
  typed: string,
  options: ConfigureOptions,
  files: Files,
): Promise<Written> {
  const fleet = await fleetOf(session);
  const omegas = ofTier(fleet, "omega");
  const [only, ...others] = omegas;
  if (only === undefined)
    throw new No("OMEGA Server not configured: a mainframe is fed by one, so that comes first.", {
      next: [session.deploy("configure omega <url> <name>")],
    });
  if (options.omega === undefined && others.length > 0)
    throw usage(
      `There are several OMEGA servers (${omegas.map(shownAs).join(", ")}): say with --omega which one feeds ${typed}.`,
    );
  const feeder = options.omega === undefined ? only : omegas.find((server) => isCalled(server, options.omega ?? ""));
  if (feeder === undefined)
    throw new No(
      `There is no OMEGA server ${options.omega ?? ""} in namespace ${session.namespace}: there is ${omegas.map(shownAs).join(", ")}.`,
    );
  return put(session, MAINFRAMES, url, typed, (before) =>
    wantedMainframe(url, feeder.metadata.name, options, files, before),
  );
}

export interface Written {
  readonly target: Target;
  /** What was changed; undefined where it was made. */
  readonly changes?: readonly string[];
}

async function put<T extends ServerObject | MainframeObject>(
  session: Session,
  resource: Resource<T>,
  url: string,
  typed: string,
  wantedOver: (before: T | undefined) => Wanted,
): Promise<Written> {
  const { client, namespace } = session;
  const exact = isKubeName(typed) ? await client.find(resource, { namespace, name: typed }) : undefined;
  const name = exact === undefined ? kubeName(typed, LONGEST_TARGET) : typed;
  const before = exact ?? (await client.find(resource, { namespace, name }));
  const wanted = wantedOver(before);
  const { servers, mainframes } = await fleetOf(session);
  refuseSameAddress({ name, kind: resource.kind, url }, [...servers, ...mainframes], session.deploy);
  const what = `Configuring ${typed}`;
  const refuse = (error: unknown): never => {
    throw refusedRequest(error, { what, role: "ashat-admin", namespace });
  };
  if (before === undefined) {
    const annotations = { ...wanted.annotations, ...displayed(typed, name) };
    const draft = { metadata: { name, namespace, annotations }, spec: withoutNull(wanted.spec) };
    return { target: await client.create(resource, draft, { fieldValidation: "Strict" }).catch(refuse) };
  }
  if (!isCalled(before, typed)) {
    if (before.metadata.annotations?.[DISPLAY_NAME] !== undefined)
      throw new No(
        `${typed} is ${name} to Kubernetes, and that is ${shownAs(before)} already: take another name, or type ${shownAs(before)} to change that one.`,
      );
  }
  const annotations = {
    ...wanted.annotations,
    ...(before.metadata.annotations?.[DISPLAY_NAME] === undefined && displayed(typed, name)),
  };
  const spec = { ...wanted.spec };
  const tier = isServer(before) ? before.spec.tier : undefined;
  if (spec["tier"] !== undefined && spec["tier"] !== tier)
    throw new No(
      `${shownAs(before)} is configured as ${tier ?? before.kind} already, and a server keeps its tier: take another name for this one.`,
    );
  const changes = [...differences(spec, before.spec), ...differences(annotations, before.metadata.annotations ?? {})];
  if (changes.length === 0) return { target: before, changes };
  const keeper = keptInGit(before);
  if (keeper !== undefined)
    throw new No(
      `${shownAs(before)} is kept in Git by ${keeper}, which would put this back: nothing was changed. Change it there: ${changes.join("; ")}.`,
    );
  const { uid, resourceVersion } = before.metadata;
  const target = await client
    .mergePatch(resource, { namespace, name }, { metadata: { uid, resourceVersion, annotations }, spec })
    .catch(refuse);
  return { target, changes };
}

const text = (path: string, flag: string): Promise<string> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw usage(`The file ${path} of ${flag} cannot be read (${error.code ?? error.message}).`);
  });

async function readFiles({ licence, checks }: ConfigureFiles): Promise<Files> {
  const document = checks === undefined ? undefined : checksIn(await text(checks, "--checks"), checks);
  return {
    ...(licence !== undefined && { licence: (await text(licence, "--licence")).trim() }),
    ...(document !== undefined && { checks: document }),
  };
}

function checksIn(content: string, path: string): unknown {
  let document: unknown;
  try {
    document = parse(content);
  } catch {
    throw usage(`The file ${path} of --checks is not YAML.`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw usage(
      `The file ${path} of --checks holds no checks: it is what stands under spec.checks of a Server, e.g. modules: {path: /api/modules}.`,
    );
  return document;
}
