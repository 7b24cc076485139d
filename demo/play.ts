import { actionKey } from "../src/api/actions.ts";
import { deploymentRef, type Tier, type Verb } from "../src/api/group.ts";
import type { DeploymentStatus } from "../src/api/deployment.ts";
import type { RecordSpec } from "../src/api/record.ts";
import { createClient } from "../src/kube/client.ts";
import { fromKubeconfig } from "../src/kube/kubeconfig.ts";
import { approving } from "./approve.ts";
import { pressEnter } from "./enter.ts";
import { type Following, follow } from "./follow.ts";
import { narrate } from "./narrate.ts";
import type { Goal, Scenario, Step } from "./scenario.ts";
import { type Person, type Scene, UPDATE } from "./scene.ts";
import type { Screen } from "./screen.ts";
import { shellAs } from "./shell.ts";
import { ASIDE, showAside, showCommand } from "./shown.ts";
import { wrap } from "./wrap.ts";

/** What a step of a scenario has to do with. */
export interface Play {
  readonly screen: Screen;
  readonly scene: Scene;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  /** Shows a command, runs exactly this as one of the people without asking, and gives what it said. */
  readonly run: (person: Person, command: string, stdin?: string) => Promise<string>;
  readonly until: (goal: Goal) => Promise<DeploymentStatus>;
  /** Shows what this does without a word of anything else; what was recorded meanwhile is told after it. */
  readonly undisturbed: (work: () => Promise<void>) => Promise<void>;
  /** Fires with the next record of the update. */
  readonly moved: () => AbortSignal;
  /** The update of this name is another one from now on. */
  readonly startOver: () => Promise<void>;
}

/** The steps of a scenario one after the other; what happens is shown as it happens, and who is asked approves. */
export async function play(screen: Screen, scene: Scene, { steps }: Scenario, signal: AbortSignal): Promise<void> {
  const { namespace, places } = scene;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const client = createClient(await fromKubeconfig(scene.people.author), {
    fieldManager: "ashat-demo",
    userAgent: "ashat-demo",
  });
  // Who cancels does not approve.
  const approves = !steps.some((step) => "verb" in step && step.verb === "cancel");
  const approvals = approving(screen, scene, (error) => failed.abort(error));
  let begun: number | undefined;
  let following: Following | undefined;
  let next = new AbortController();
  let untold: (() => void)[] | undefined;
  const seeRecord = (record: RecordSpec): void => {
    next.abort();
    next = new AbortController();
    const from = (begun ??= Date.parse(record.time));
    const tell = (): void => narrate(screen, record, from, places);
    if (untold === undefined) tell();
    else untold.push(tell);
  };
  const seeStatus = ({ message = "", blockedBy = [] }: DeploymentStatus): void => {
    screen.now(message.split(/(?:; this verifies it again)?: kubectl/)[0]);
    const gate = blockedBy.find(({ gate }) => gate === "approvals");
    if (approves && gate !== undefined) approvals.asked(gate);
    else approvals.over();
  };
  const watchUpdate = (): Following =>
    follow(client, namespace, UPDATE, either, ({ record, status }) => {
      if (record !== undefined) seeRecord(record);
      if (status !== undefined) seeStatus(status);
    });
  const theatre: Play = {
    screen,
    scene,
    signal: either,
    say: (text) => showAside(screen, text, screen.paint.wait),
    run: async (person, command, stdin) => {
      showCommand(screen, command, person);
      const { code, said } = await shellAs(scene, person, command, stdin);
      if (code !== 0) throw new Error(`this did not work for ${person}: ${command}\n${said}`);
      return said;
    },
    until: (goal) => (following ??= watchUpdate()).until(goal),
    undisturbed: async (work) => {
      untold = [];
      try {
        await work();
      } finally {
        for (const tell of untold) tell();
        untold = undefined;
      }
    },
    moved: () => next.signal,
    startOver: async () => {
      approvals.over();
      await following?.end();
      following = undefined;
      begun = undefined;
    },
  };
  try {
    for (const step of steps) await take(theatre, step);
  } finally {
    approvals.over();
    screen.now(undefined);
    await following?.end();
    await client.close();
  }
}

async function take(play: Play, step: Step): Promise<void> {
  if ("say" in step) return play.say(step.say);
  if ("push" in step) return push(play);
  if ("until" in step) return void (await play.until(step.until));
  if ("show" in step) return show(play);
  if ("verb" in step) return act(play, step);
  return step.does(play);
}

async function push({ screen, scene }: Play): Promise<void> {
  const applied = await shellAs(scene, "author", "kubectl apply -f -", JSON.stringify(scene.update));
  if (applied.code !== 0) throw new Error(`the author could not apply the update: ${applied.said}`);
  const [first = "", ...more] = wrap(`kubectl apply: ${applied.said}`, screen.width - ASIDE.length);
  screen.line(`  ${screen.paint.dim("author")}    ${first}`);
  for (const line of more) screen.line(`${ASIDE}${line}`);
}

async function show({ scene, screen, run }: Play): Promise<void> {
  const update = `${deploymentRef(UPDATE)} -n ${scene.namespace}`;
  const said = await run("author", `kubectl get ${update} -o jsonpath='{.status.message}'`);
  showAside(screen, said);
}

async function act(
  play: Play,
  {
    person,
    verb,
    tier,
    reason,
  }: { readonly person: Person; readonly verb: Verb; readonly tier: Tier; readonly reason: string },
): Promise<void> {
  const { namespace } = play.scene;
  const status = await play.until({});
  const token = status.tiers?.find(({ name }) => name === tier)?.token ?? status.token?.value ?? "";
  const command = `kubectl annotate ${deploymentRef(UPDATE)} -n ${namespace} --field-manager=ashat '${actionKey(verb, tier)}=${token} ${reason}'`;
  const { screen, scene, signal } = play;
  showCommand(screen, command, person);
  if (screen.interactive) {
    // Whoever runs it in another shell need not press Enter here.
    const moved = play.moved();
    try {
      await pressEnter(screen, scene, person, { first: true, signal: AbortSignal.any([signal, moved]) });
    } catch (error) {
      if (signal.aborted || !moved.aborted) throw error;
      process.stdin.pause();
      return;
    }
  }
  const { code, said } = await shellAs(scene, person, command);
  if (code !== 0) throw new Error(`this did not work for ${person}: ${command}\n${said}`);
  showAside(screen, `${person} ran it: ${said}`, screen.paint.dim);
}
