import { configuredCategories } from "../api/checks.ts";
import { requiredApprovals } from "../api/server.ts";
import { watch } from "../kube/watch.ts";
import type { Resource } from "../kube/types.ts";
import { agentBeside } from "./address.ts";
import type { Written } from "./configure.ts";
import { EXIT } from "./exit.ts";
import { isServer, MAINFRAMES, SERVERS, type Target } from "./kinds.ts";
import { fleetOf, ofTier } from "./lookup.ts";
import { shownAs } from "./names.ts";
import { sayNext } from "./say.ts";
import type { Session } from "./session.ts";
import { troubleOf } from "./servers-table.ts";
import { hanging, indented } from "./table.ts";
import { TIER_NAME } from "./words.ts";

/** After a target was configured: what it is now, what is still missing, and what comes next. */
export async function configured(session: Session, { target, changes }: Written, timeoutMs: number): Promise<number> {
  const { screen, deploy } = session;
  const { paint, width } = screen;
  const kind = isServer(target) ? `${TIER_NAME[target.spec.tier.toLowerCase() as "alpha"]} Server` : "Mainframe";
  const name =
    shownAs(target) === target.metadata.name ? shownAs(target) : `${shownAs(target)} (${target.metadata.name})`;
  screen.print(
    changes === undefined
      ? paint.good(`${kind} configured: ${name}`)
      : changes.length === 0
        ? `${kind} ${name} is configured so already; nothing was changed.`
        : paint.good(`${kind} changed: ${name}`),
  );
  for (const change of changes ?? [])
    for (const line of hanging(`changed ${change}`, width - 2)) screen.print(`  ${line}`);
  for (const [title, fact] of factsOf(target))
    for (const [index, line] of indented(fact, width - FACT, "").entries())
      screen.print(`  ${(index === 0 ? title : "").padEnd(FACT - 2)}${line}`);
  const seen = await settled(session, target, timeoutMs);
  const missing = missingIn(seen, session.namespace);
  if (missing.length > 0) screen.print(paint.wait("Still missing:"));
  for (const line of missing) for (const part of hanging(`- ${line}`, width - 2)) screen.print(`  ${part}`);
  sayNext(session, [await nextStep(session, deploy)]);
  return EXIT.good;
}

/** How far a fact stands from the left. */
const FACT = 13;

/** What was understood, in the words of the one who typed it. */
export function factsOf(target: Target): readonly (readonly [title: string, fact: string])[] {
  const { url } = target.spec;
  const agent = target.spec.agent?.url ?? (url === undefined ? "-" : agentBeside(url));
  const checks = configuredCategories(target.spec.checks);
  return [
    ["address", url ?? "-"],
    ["agent", agent],
    ...(isServer(target)
      ? ([
          ["checks", `${checks.length} of 6: ${checks.join(", ")}`],
          [
            "approvals",
            requiredApprovals(target.spec) === 0
              ? "none needed"
              : `${requiredApprovals(target.spec)} needed before anything is delivered`,
          ],
        ] as const)
      : ([
          ["fed by", `${target.spec.omega}, wave ${target.spec.wave}`],
          ["licence", target.spec.licence === undefined ? "none" : "given"],
        ] as const)),
  ];
}

/** What keeps an update from being delivered here, and what is unsafe, in words. */
export function missingIn(target: Target, namespace: string): readonly string[] {
  const looked = target.status?.conditions?.some(({ type }) => type === "Ready") === true;
  const only = isServer(target) && configuredCategories(target.spec.checks).length === 1;
  return [
    ...(looked ? troubleOf(target) : ["the operator has not looked at it yet: is it running?"]),
    ...(isServer(target) || target.spec.licence !== undefined
      ? []
      : [
          "a licence: without one nothing is delivered to a mainframe (--licence <file>, as `ashat licence issue` prints it)",
        ]),
    ...(only
      ? [
          `checks: only its health is checked; modules, API, database, performance and security are configured by --checks <file> or kubectl edit servers.ashat.raos.io/${target.metadata.name} -n ${namespace}`,
        ]
      : []),
  ].filter((line, index, all) => all.indexOf(line) === index);
}

/** Waits, for a few seconds at most, until the operator has looked at it as it is now. */
async function settled(session: Session, target: Target, timeoutMs: number): Promise<Target> {
  const { client, namespace, random } = session;
  const resource: Resource<Target> = isServer(target) ? SERVERS : MAINFRAMES;
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal, AbortSignal.timeout(timeoutMs)]);
  let last = target;
  try {
    const events = watch(client, resource, {
      namespace,
      fieldSelector: `metadata.name=${target.metadata.name}`,
      signal,
      random,
    });
    for await (const event of events) {
      if (event.type === "trouble") throw event.error;
      if (event.type !== "put") continue;
      last = event.object;
      const { conditions = [], observedGeneration } = last.status ?? {};
      const ready = conditions.find(({ type }) => type === "Ready");
      if (observedGeneration === last.metadata.generation && ready !== undefined && ready.status !== "Unknown") break;
    }
  } finally {
    stop.abort();
  }
  return last;
}

async function nextStep(session: Session, deploy: Session["deploy"]): Promise<string> {
  const fleet = await fleetOf(session);
  const missing = (["public", "omega"] as const).find((tier) => ofTier(fleet, tier).length === 0);
  return deploy(missing === undefined ? "push <id> '<description>'" : `configure ${missing} <url> <name>`);
}
