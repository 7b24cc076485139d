import { GROUP } from "../../src/api/group.ts";
import { before, expected } from "./expected.ts";
import type { Group } from "./matrix.ts";
import { collection, pathOf, thing, type Thing } from "./objects.ts";
import type { People } from "./people.ts";
import { requestOf } from "./request.ts";
import type { Special } from "./special.ts";
import { AUTHOR, APPROVAL, type Decision, type Expected, type On, type Row, STAMP, type Stamps, TOKEN } from "./row.ts";
import type { Answered } from "./voice.ts";

/** What came of one row; `wrong` where it is not what the table of rights says. */
export interface Outcome {
  readonly row: string;
  readonly decision: Decision | "Absent" | "Unknown";
  readonly wrong?: string;
}

/** Who refused is told by what is said: a policy names itself, the roles do not. */
export function decisionOf({ status, said }: Pick<Answered, "status" | "said">): Outcome["decision"] {
  if (status < 300) return "Accepted";
  if (said.includes("ValidatingAdmissionPolicy 'ashat-")) return "Policy";
  if (status === 403 || status === 401) return "NoRight";
  if (status === 409) return "Conflict";
  if (status === 404) return "Absent";
  if (status === 415) return "Unsupported";
  return status === 422 || status === 400 ? "Invalid" : "Unknown";
}

/** The annotations by which people act and the API server says who did. */
export const ourAnnotations = (object: unknown): Readonly<Record<string, string>> => {
  const { metadata } = object as { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
  return Object.fromEntries(Object.entries(metadata?.annotations ?? {}).filter(([key]) => key.includes(`.${GROUP}/`)));
};

const sorted = (annotations: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));

const must = async (answer: Promise<Answered>): Promise<unknown> => {
  const { status, said, object } = await answer;
  if (status >= 300) throw new Error(`the stage could not be set: ${status} ${said}`);
  return object;
};

const version = (object: Thing): unknown => (object.metadata as { readonly resourceVersion?: string }).resourceVersion;

const all = async <T>(rows: readonly T[], one: (row: T) => Promise<Outcome>): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  const left = [...rows];
  const worker = async (): Promise<void> => {
    for (let row = left.shift(); row !== undefined; row = left.shift()) outcomes.push(await one(row));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return outcomes;
};

/** Plays rows on one API server. */
export function playerOf(people: People, stamps: Stamps, prefix: string) {
  const { namespace, users, voices } = people;
  const root = voices["cluster-admin"];
  let made = 0;
  let owner: Promise<object> | undefined;

  const read = async (object: Thing, kind: Row["on"]["kind"]): Promise<Thing | undefined> => {
    const { status, object: found } = await root.ask({ method: "GET", path: pathOf(kind, object.metadata) });
    return status === 404 ? undefined : (found as Thing);
  };
  const anOwner = async (): Promise<object> => {
    const name = `${prefix}-owner`;
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } };
    const found = (await must(
      root.ask({ method: "POST", path: `/api/v1/namespaces/${namespace}/configmaps`, body }),
    )) as Thing & { readonly metadata: { readonly uid: string } };
    return { apiVersion: "v1", kind: "ConfigMap", name, uid: found.metadata.uid };
  };

  const setUp = async (row: Row): Promise<Thing> => {
    made += 1;
    const { on, way } = row;
    const honest = stamps === "Client" && on.kind === "deployments" ? { [AUTHOR]: users.author } : {};
    const draft = thing(on.kind, namespace, `${prefix}-${made}`, way === "create" ? {} : honest);
    if (way === "create") return draft;
    const maker = on.kind === "deployments" ? "author" : on.kind === "deploymentrecords" ? "operator" : "cluster-admin";
    await must(
      voices[maker].ask({ method: "POST", path: `${collection(on.kind, namespace)}?fieldManager=maker`, body: draft }),
    );
    if (on.part === "object" && on.approved === true)
      await must(
        voices["approver-omega"].ask({
          method: "PATCH",
          path: `${pathOf("deployments", draft.metadata)}?fieldManager=maker`,
          contentType: "application/merge-patch+json",
          body: {
            metadata: {
              annotations: { [APPROVAL]: TOKEN, ...(stamps === "Client" && { [STAMP]: users["approver-omega"] }) },
            },
          },
        }),
      );
    const stored = await read(draft, on.kind);
    if (stored === undefined) throw new Error(`${draft.metadata.name} is not there after it was made`);
    if (on.kind !== "web") return stored;
    // Its controller writes it, too: whoever replaces it names no version.
    const { resourceVersion: _, ...metadata } = stored.metadata as Thing["metadata"] & {
      readonly resourceVersion?: string;
    };
    return { ...stored, metadata };
  };

  const wrongWorld = async (
    row: Row,
    stored: Thing,
    { world }: Expected,
    answer: Answered,
  ): Promise<string | undefined> => {
    const found = await read(stored, row.on.kind);
    if (world === "gone") return found === undefined ? undefined : "it is there";
    if (found === undefined) return "it is gone";
    if (world === "same") {
      // The API server writes the status of the other kind, and an apply that changes nothing still names its manager.
      const untouched = row.on.kind === "web" || answer.status < 300 || version(found) === version(stored);
      const wanted = row.way === "create" ? {} : before(row, users);
      return untouched && sorted(ourAnnotations(found)) === sorted(wanted)
        ? undefined
        : `it was changed: ${sorted(ourAnnotations(found))}`;
    }
    return sorted(ourAnnotations(found)) === sorted(world)
      ? undefined
      : `it has ${sorted(ourAnnotations(found))} and not ${sorted(world)}`;
  };

  const shared = new Map<string, Promise<Thing>>();
  /** What must change nothing may meet what others met. */
  const meet = (row: Row, { decision }: Expected): Promise<Thing> => {
    if (row.way === "create" || (decision === "Accepted" && !row.dryRun)) return setUp(row);
    const key = JSON.stringify(row.on);
    const there = shared.get(key) ?? setUp(row);
    shared.set(key, there);
    return there;
  };

  const play = async (row: Row): Promise<Outcome> => {
    const wanted = expected(row, stamps, users);
    const stored = await meet(row, wanted);
    owner ??= anOwner();
    const answer = await voices[row.who].ask(requestOf(row, stored, stamps, users[row.who], await owner));
    const decision = decisionOf(answer);
    const wrong =
      decision !== wanted.decision
        ? `${wanted.decision} was expected, ${decision} came: ${answer.status} ${answer.said}`
        : await wrongWorld(row, stored, wanted, answer);
    return { row: inWords(row), decision, ...(wrong !== undefined && { wrong }) };
  };

  const playSpecial = async (special: Special): Promise<Outcome> => {
    const { name, who, ask, after } = special;
    const on: On = { kind: "deployments", part: "object", ...(special.approved && { approved: true as const }) };
    const update = await setUp({ who, way: "merge-patch", on, changes: [], dryRun: false });
    const at = { namespace, users, update };
    const answer = await voices[who].ask(ask(at));
    const decision = decisionOf(answer);
    const found = await read(update, "deployments");
    const wanted = { ...ourAnnotations(update) };
    for (const [key, value] of Object.entries(after?.(at) ?? {})) {
      if (value === null) delete wanted[key];
      else wanted[key] = value;
    }
    // The same rule refuses it where the request carries the stamp, but the missing stamp is what is said first.
    const unsaid = stamps === "ApiServer" && special.says !== undefined && !answer.said.includes(special.says);
    const phase = (found as { readonly status?: { readonly phase?: string } } | undefined)?.status?.phase;
    const wrong =
      decision !== special.decision || unsaid
        ? `${special.decision}${special.says === undefined ? "" : ` (${special.says})`} was expected, ${decision} came: ${answer.status} ${answer.said}`
        : found === undefined
          ? "it is gone"
          : phase !== undefined
            ? `its status was written: ${phase}`
            : sorted(ourAnnotations(found)) === sorted(wanted)
              ? undefined
              : `it has ${sorted(ourAnnotations(found))} and not ${sorted(wanted)}`;
    return { row: `${who}: ${name}`, decision, ...(wrong !== undefined && { wrong }) };
  };

  return {
    /** All rows of a group, several at a time. */
    playGroup: ({ rows }: Group): Promise<readonly Outcome[]> => all(rows, play),
    /** Where the request carries the stamp, the ones that are to be accepted would have to be written otherwise. */
    playSpecials: (specials: readonly Special[]): Promise<readonly Outcome[]> =>
      all(
        specials.filter(({ decision }) => stamps === "ApiServer" || decision !== "Accepted"),
        playSpecial,
      ),
  };
}

/** One row in words, for whoever reads why it went wrong. */
export const inWords = ({ who, way, on, changes, dryRun }: Row): string => {
  const what = changes
    .map((change) => (change.what === "act" ? `${change.word} ${change.tier}${change.slot ?? ""}` : change.what))
    .join(" + ");
  const place = `${on.kind}${on.part === "status" ? "/status" : ""}${on.part === "object" && on.approved ? " (approved)" : ""}`;
  return `${who}: ${way}${dryRun ? " (dry run)" : ""} ${place} ${what}`.trim();
};
