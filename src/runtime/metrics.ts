/** One line of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Gauge {
  /** All of its lines: what is not among them any more is gone. */
  readonly set: (samples: readonly Sample[]) => void;
}

export interface Metrics {
  readonly gauge: (name: string, help: string) => Gauge;
  /** All of it, as a Prometheus server reads it. */
  readonly text: () => string;
}

const NAME = /^[a-z][a-z0-9_]*$/;
const LABEL = /^[a-z][a-z0-9_]*$/;

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

const line = (name: string, { labels = {}, value }: Sample): string => {
  const pairs = Object.entries(labels).map(([label, text]) => {
    if (!LABEL.test(label)) throw new Error(`${label} cannot be a label`);
    return `${label}="${escaped(text)}"`;
  });
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
};

/** Numbers for a Prometheus server in its text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const createMetrics = (): Metrics => {
  const pages = new Map<string, string>();
  return {
    gauge: (name, help) => {
      if (!NAME.test(name) || pages.has(name))
        throw new Error(`${name} cannot be the name of a metric, or is one already`);
      const head = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} gauge\n`;
      pages.set(name, head);
      return {
        set: (samples) => pages.set(name, `${head}${samples.map((sample) => `${line(name, sample)}\n`).join("")}`),
      };
    },
    text: () => [...pages.values()].join(""),
  };
};

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
