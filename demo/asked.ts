import { parseArgs } from "node:util";
import { isScenario, SCENARIO_NAMES, type ScenarioName, SCENARIOS } from "./scenarios.ts";

const DEMO = "npm run demo";

export const USAGE = `${DEMO}                 one update through all tiers; nothing is left afterwards
${DEMO} -- --keep       the same, and everything goes on running for you to look at
${DEMO} -- --stop       ends what --keep left running
${DEMO} -- --scenario <name>[,<name>...]   another way an update can go:
${SCENARIO_NAMES.map((name) => `  ${name.padEnd(20)} ${SCENARIOS[name].shows}`).join("\n")}`;

/** What whoever started the demo wants of it. */
export type Asked =
  | { readonly want: "play"; readonly scenarios: readonly [ScenarioName, ...ScenarioName[]]; readonly keep: boolean }
  | { readonly want: "stop" }
  | { readonly want: "help" }
  | { readonly want: "nothing"; readonly because: string };

const OPTIONS = {
  keep: { type: "boolean" },
  stop: { type: "boolean" },
  help: { type: "boolean" },
  scenario: { type: "string" },
} as const;

/** Reads the arguments, and sees what npm took for itself because `--` was not typed before it. */
export function readAsked(args: readonly string[], env: NodeJS.ProcessEnv): Asked {
  const taken = takenByNpm(args, env);
  if (taken.length > 0)
    return no(`npm took ${list(taken.map(({ flag }) => flag))} for itself, so nothing was started.
Type it after --: ${DEMO} -- ${taken.map(({ whole }) => whole).join(" ")}`);
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return no(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { want: "help" };
  const [word] = positionals;
  if (word !== undefined)
    return no(
      isScenario(word)
        ? `A scenario is an option, and options stand after --: ${DEMO} -- --scenario ${word}`
        : `"${word}" says nothing to the demo; options stand after --.\n\n${USAGE}`,
    );
  if (values.stop === true) return { want: "stop" };
  const wanted = [...new Set((values.scenario ?? "main").split(","))];
  const [first, ...more] = wanted.filter(isScenario);
  const unknown = wanted.filter((name) => !isScenario(name));
  if (first === undefined || unknown.length > 0)
    return no(`There is no scenario ${unknown.join(", ")}: take one of ${SCENARIO_NAMES.join(", ")}.`);
  return { want: "play", scenarios: [first, ...more], keep: values.keep === true };
}

const no = (because: string): Asked => ({ want: "nothing", because });
const list = (words: readonly string[]): string => words.join(" and ");

/** What npm does not know is still an option to it: it comes as a variable, and a value after a space as an argument of ours. */
function takenByNpm(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly { readonly flag: string; readonly whole: string }[] {
  const [first = "<name>"] = args.filter((word) => !word.startsWith("-"));
  return (["keep", "stop", "scenario"] as const).flatMap((name) => {
    const value = env[`npm_config_${name}`] ?? "";
    const flag = `--${name}`;
    if (value === "") return [];
    if (name !== "scenario") return [{ flag, whole: flag }];
    return [{ flag, whole: `${flag} ${value === "true" ? first : value}` }];
  });
}
