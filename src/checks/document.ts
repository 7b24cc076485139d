import { MAX_DOCUMENT_BYTES, type CheckDocument } from "../api/check-run.ts";
import type { Category } from "../api/categories.ts";
import type { Report } from "./ledger.ts";
import { thinned } from "./quantile.ts";

const cut = (text: string, max: number): string => {
  const whole = text.toWellFormed();
  return whole.length <= max
    ? whole
    : `${whole
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")}…`;
};

const MAX_ASSERTED = 64;

/** A few of the assertions stay: a verdict needs one, and the number of the others says what was left out. */
const fewer = (asserted: readonly string[], max: number): string[] =>
  asserted.length <= max ? [...asserted] : [...asserted.slice(0, max - 1), `and ${asserted.length - max + 1} more`];

const withSamples = (document: CheckDocument, count: number): CheckDocument => {
  const { baseline } = document;
  return baseline === undefined
    ? document
    : { ...document, baseline: { ...baseline, samplesMicros: [...thinned(baseline.samplesMicros, count)] } };
};

/** What is given up, in this order, until the document fits; verdict, category and times never are. */
const REDUCTIONS: readonly ((document: CheckDocument) => CheckDocument)[] = [
  (document) => withSamples(document, 200),
  (document) => ({ ...document, asserted: fewer(document.asserted, 16) }),
  (document) => ({
    ...document,
    asserted: fewer(
      document.asserted.map((claim) => cut(claim, 100)),
      8,
    ),
  }),
  (document) => withSamples(document, 100),
  (document) => ({ ...document, measurements: {} }),
  (document) => ({
    ...document,
    message: cut(document.message, 400),
    asserted: fewer(
      document.asserted.map((claim) => cut(claim, 60)),
      2,
    ),
  }),
  (document) => withSamples(document, 20),
];

const size = (document: CheckDocument): number => Buffer.byteLength(JSON.stringify(document));

/** The document as it is written: always valid, never longer than the kubelet keeps. */
export const documentOf = (category: Category, report: Report, startedAt: Date, durationMs: number): CheckDocument => {
  const whole: CheckDocument = {
    category,
    verdict: report.verdict,
    message: cut(report.message === "" ? report.verdict : report.message, 1024),
    asserted: fewer(
      report.asserted.map((claim) => cut(claim, 256)),
      MAX_ASSERTED,
    ),
    measurements: Object.fromEntries(
      Object.entries(report.measurements)
        .filter(([, value]) => typeof value === "string" || Number.isFinite(value))
        .map(([name, value]) => [cut(name, 64), typeof value === "string" ? cut(value, 256) : value]),
    ),
    ...(report.baseline === undefined ? {} : { baseline: report.baseline }),
    startedAt: startedAt.toISOString(),
    durationMs: Math.max(0, Math.round(durationMs)),
  };
  let document = whole;
  for (const reduce of REDUCTIONS) {
    if (size(document) <= MAX_DOCUMENT_BYTES) break;
    document = reduce(document);
  }
  return document;
};
