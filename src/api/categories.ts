/** The six built-in checks; their order is the index of a check inside the verification Job. */
export const CATEGORIES = [
  "Health Check",
  "Module Load Test",
  "API Endpoint Test",
  "Database Connection",
  "Performance Baseline",
  "Security Scan",
] as const;
export type Category = (typeof CATEGORIES)[number];

/** `Failed` only when a written document says so; `Inconclusive` is no proof either way and never passes. */
export const VERDICTS = ["Passed", "Failed", "Inconclusive", "NotConfigured"] as const;
