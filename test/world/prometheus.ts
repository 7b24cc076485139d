/** A page of /metrics, as a Prometheus server reads it. */
export interface Scrape {
  readonly text: string;
  /** Value of every series, by name and labels as they stand on the page. */
  readonly series: ReadonlyMap<string, number>;
  readonly families: ReadonlyMap<string, Family>;
}

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

function labelsOf(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = "", value = ""] = LABEL.exec(text) ?? [];
    if (name === "") throw new Error(`no labels: ${text}`);
    labels[name] = value;
  }
  return labels;
}

/** Reads the text format strictly: a line that is none of its kinds is an error. */
export function readScrape(text: string): Scrape {
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  const series = new Map<string, number>();
  let current: string | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, what, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (what !== undefined) {
      const family = families.get(name) ?? { type: "", help: "", samples: [] };
      if (what === "TYPE" ? family.type !== "" : family.help !== "") throw new Error(`${what} of ${name} comes twice`);
      family[what === "TYPE" ? "type" : "help"] = rest;
      families.set(name, family);
      current = name;
      continue;
    }
    const [, sample = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
    if (current === undefined || !new RegExp(`^${current}(_bucket|_sum|_count)?$`).test(sample))
      throw new Error(`a line that belongs to no metric: ${line}`);
    const key = line.slice(0, line.lastIndexOf(" "));
    if (series.has(key)) throw new Error(`${key} comes twice`);
    series.set(key, Number(value));
    families.get(current)?.samples.push({ name: sample, labels: labelsOf(labels), value: Number(value) });
  }
  return { text, series, families };
}

const UNITS = /_(milliseconds|minutes|hours|days|kilobytes|kib|mib|percent|ms)(_|$)/;
const RESERVED = ["le", "quantile", "job", "instance"];

/** What `promtool check metrics` would say, and that a label takes no more values than it may. */
export function lintScrape({ families }: Scrape, own: string, mostSeries: number): readonly string[] {
  return [...families].flatMap(([name, { type, help, samples }]) => {
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
    const problems = [
      help === "" && "has no HELP",
      type === "" && "has no TYPE",
      type === "counter" && !name.endsWith("_total") && "is a counter and does not end in _total",
      type !== "counter" && name.endsWith("_total") && "ends in _total and is no counter",
      type === "gauge" && /_(sum|count|bucket)$/.test(name) && "has the ending of a histogram",
      samples.some(({ value }) => Number.isNaN(value)) && "has a value that is no number",
      !name.startsWith("nodejs_") && UNITS.test(name) && "has a unit that is not a base unit",
      ...(name.startsWith(own)
        ? [
            !/^[a-z][a-z0-9_]*$/.test(name) && "has a name that is not in snake case",
            !help.endsWith(".") && "has a HELP that is no sentence",
            type === "histogram" && !name.endsWith("_seconds") && "is a histogram without a unit",
            [...labels].some((label) => !/^[a-z][a-z0-9_]*$/.test(label)) && "has a label that is not in snake case",
            type !== "histogram" && [...labels].some((label) => RESERVED.includes(label)) && "has a reserved label",
            samples.length > mostSeries && `has ${samples.length} series`,
          ]
        : []),
    ];
    return problems.flatMap((problem) => (problem === false ? [] : `${name} ${problem}`));
  });
}
