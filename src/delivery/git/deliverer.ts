import type { Agent } from "undici";
import type { AddressRules } from "../../dial/address-rules.ts";
import { pinnedAgent } from "../../dial/pinned.ts";
import { parseOrderKey } from "../../api/order.ts";
import type { Assigning, Assignment, Deliverer } from "../assignment.ts";
import { committed, notFound } from "./answers.ts";
import { artifactPlace, ofArtifact } from "./artifact-place.ts";
import type { ReadTree } from "../kubernetes/files.ts";
import { DISK_BOUNDS, type DiskBounds } from "./disk.ts";
import { deliverOnBranch, type Means } from "./deliver.ts";
import { sourcesOf } from "./fields.ts";
import { gitHub, type GitHub } from "./github.ts";
import { entryOf, type Ledger, readLedger } from "./ledger.ts";
import { fetchHead, type Mirror, mirrorName } from "./mirror.ts";
import { openMirrors } from "./mirrors.ts";
import { type Author, committedAt, isAncestor } from "./objects.ts";
import { propose, reportProposed } from "./propose.ts";
import { runningAt } from "./running.ts";
import type { CommitSeal } from "./seal.ts";
import type { GitPlace } from "./target.ts";
import { filesAt } from "./tree.ts";
import { asAnswer } from "./trouble.ts";
import { waitingAt } from "./waiting.ts";

export interface GitDelivererOptions {
  /** For mirrors of repositories, which may vanish, and for the files of one operation. Of this process alone. */
  readonly folder: string;
  readonly addresses: AddressRules;
  readonly now: () => number;
  /** Proves which commits are deliveries. */
  readonly seal: CommitSeal;
  readonly author?: Author;
  /** For the whole of one operation, its pushes and fetches. */
  readonly deadlineMs?: number;
  readonly tries?: number;
  readonly disk?: DiskBounds;
}

export interface GitDeliverer extends Deliverer<GitPlace> {
  /** Whether the branch's history has `revision` at or before `applied`: then whoever applied that has it. What cannot be asked is not known to. */
  readonly includes: (place: GitPlace, revision: string, applied: string, signal: AbortSignal) => Promise<boolean>;
  /** When a commit of the branch was made, by the clock of whoever made it: of a merge the clock of the host. Undefined where it cannot be asked. */
  readonly committedAt: (place: GitPlace, revision: string, signal: AbortSignal) => Promise<number | undefined>;
  /** The manifests below a folder at a commit of any repository, with credentials where they are for its host. Throws what no driver can mend. */
  readonly readTree: ReadTree;
  readonly close: () => Promise<void>;
}

const AUTHOR: Author = { name: "ASHAT", email: "operator@ashat.raos.io" };
const DIAL = { connectMs: 5_000, headersMs: 15_000, bodyMs: 15_000 };
/** Everything was in place, or what was merged says nothing of the order any more. */
const UNWRITTEN = ["AlreadyThere", "MergedOtherwise"];
const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** Delivers by commits, and keeps its ledger in them: an operator that knows nothing reads there what became of an order. */
export function gitDeliverer({
  folder,
  addresses,
  now,
  seal,
  author = AUTHOR,
  deadlineMs = 120_000,
  tries = 12,
  disk = DISK_BOUNDS,
}: GitDelivererOptions): GitDeliverer {
  const mirrors = openMirrors(folder, addresses, deadlineMs, disk);
  const ledgers = new Map<string, Ledger>();
  /** Orders of which no commit could tell. Whoever forgets them asks again and finds the same. */
  const already = new Map<string, Assigning>();
  const times = new Map<string, number>();
  const pauses = new Map<string, number>();
  const agents = new Map<string, Agent>();

  const means: Means = {
    now,
    author,
    seal,
    tries,
    ledgerAt: async (mirror, head) => {
      const name = `${mirrorName(mirror.place)}:${mirror.place.branch}`;
      const ledger = await readLedger(mirror, head, ledgers.get(name), seal);
      ledgers.delete(name);
      ledgers.set(name, ledger);
      const [oldest] = ledgers.keys();
      if (ledgers.size > 64 && oldest !== undefined) ledgers.delete(oldest);
      return ledger;
    },
  };

  const hubOf = ({ pullRequest, credentials, branch }: GitPlace, signal: AbortSignal): GitHub | undefined => {
    if (pullRequest === undefined || credentials.token === undefined) return undefined;
    const ca = credentials.ca ?? "";
    const dispatcher = agents.get(ca) ?? pinnedAgent(ca === "" ? {} : { ca }, DIAL, addresses);
    agents.set(ca, dispatcher);
    return gitHub({ ...pullRequest, base: branch, token: credentials.token, dispatcher, signal, now, pauses });
  };

  const remember = (key: string, answer: Assigning): Assigning => {
    if (answer.state !== "Answered" || !UNWRITTEN.includes(answer.report.reason)) return answer;
    already.set(key, answer);
    const [oldest] = already.keys();
    if (already.size > 1000 && oldest !== undefined) already.delete(oldest);
    return answer;
  };

  const reportOnBranch = async (mirror: Mirror, key: string): Promise<Assigning> => {
    const ledger = await means.ledgerAt(mirror, await fetchHead(mirror));
    const entry = await entryOf(mirror, ledger, key);
    return entry === undefined ? notFound(mirror.place, key) : committed(mirror.place, key, entry.commit, now());
  };

  return {
    deliver: (place, assignment: Assignment, signal) =>
      mirrors
        .at(place, signal, async (mirror) => {
          const hub = hubOf(place, signal);
          const answer = hub
            ? await propose(mirror, hub, assignment, means)
            : await deliverOnBranch(mirror, assignment, means);
          return remember(assignment.key, answer);
        })
        .catch(asAnswer),
    report: (place, key, signal) =>
      mirrors
        .look(place, signal, async (mirror) => {
          if (parseOrderKey(key) === undefined) return notFound(place, key);
          const hub = hubOf(place, signal);
          const answer = hub ? await reportProposed(mirror, hub, key, means) : await reportOnBranch(mirror, key);
          return answer.state === "Refused" ? (already.get(key) ?? answer) : answer;
        })
        .catch(asAnswer),
    observe: (place, signal) =>
      mirrors
        .look(place, signal, async (mirror) => {
          const ledger = await means.ledgerAt(mirror, await fetchHead(mirror));
          const hub = hubOf(place, signal);
          const waiting = hub === undefined ? { ledger, orders: [] } : await waitingAt(mirror, hub, ledger);
          return {
            state: "Answered" as const,
            status: await runningAt(place, sourcesOf(mirror), waiting),
          };
        })
        .catch(asAnswer),
    includes: async (place, revision, applied, signal) =>
      COMMIT.test(revision) &&
      COMMIT.test(applied) &&
      (revision === applied ||
        (await mirrors
          .look(place, signal, async (mirror) => {
            await fetchHead(mirror);
            return isAncestor(mirror, revision, applied);
          })
          .catch((error: unknown) => {
            asAnswer(error);
            return false;
          }))),
    committedAt: async (place, revision, signal) => {
      if (!COMMIT.test(revision)) return undefined;
      const known = times.get(revision);
      if (known !== undefined) return known;
      const found = await mirrors
        .look(place, signal, (mirror) => committedAt(mirror, revision))
        .catch((error: unknown) => {
          asAnswer(error);
          return undefined;
        });
      if (found !== undefined) times.set(revision, found);
      const [oldest] = times.keys();
      if (times.size > 1000 && oldest !== undefined) times.delete(oldest);
      return found;
    },
    readTree: async (url, commit, folder, signal, access) => {
      const { place, source } = artifactPlace(url, access);
      try {
        return await mirrors.at(place, signal, (mirror) => filesAt(mirror, commit, folder));
      } catch (error) {
        throw ofArtifact(error, place, source);
      }
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
      agents.clear();
    },
  };
}
