import type { Category } from "../api/categories.ts";
import { MAX_CHECK_SECONDS, type CheckDocument } from "../api/check-run.ts";
import { createAsker } from "./ask.ts";
import type { Check, Subject } from "./check.ts";
import { checkDatabase } from "./database.ts";
import { documentOf } from "./document.ts";
import { checkEndpoints } from "./endpoints.ts";
import { checkHealth } from "./health.ts";
import { ledger, type Report } from "./ledger.ts";
import { checkModules } from "./modules.ts";
import { checkPerformance } from "./performance.ts";
import { checkSecurity } from "./security.ts";
import { realWorld, type World } from "./world.ts";

const CHECKS: Readonly<Record<Category, Check>> = {
  "Health Check": checkHealth,
  "Module Load Test": checkModules,
  "API Endpoint Test": checkEndpoints,
  "Database Connection": checkDatabase,
  "Performance Baseline": checkPerformance,
  "Security Scan": checkSecurity,
};

/** Enough that a slow server queues at the server and not inside the runner. */
const LOAD_CONNECTIONS = 64;

const attempt = async (category: Category, subject: Subject, world: World): Promise<Report> => {
  const asker = createAsker(
    {
      url: subject.url,
      trust: subject.trust,
      addresses: subject.addresses,
      connections: category === "Performance Baseline" ? LOAD_CONNECTIONS : 4,
    },
    world,
  );
  try {
    return await CHECKS[category](subject, asker, world);
  } catch (error) {
    // What nobody foresaw proves nothing about the target; only the kind of error is told, its text might hold a secret.
    return ledger().inconclusive(
      `The runner itself failed (${error instanceof Error ? error.name : "unknown error"}), so this is no verdict about ${asker.where}.`,
    );
  } finally {
    await asker.close();
  }
};

/**
 * Runs one check and says what came of it; it never throws for what a target does. `Failed` needs a proof that the target is
 * bad (see `trouble.ts` for where the line runs); whatever stops the runner itself is `Inconclusive`.
 */
export const runCheck = async (
  category: Category,
  subject: Subject,
  signal: AbortSignal,
  makeWorld: (signal: AbortSignal) => World = realWorld,
): Promise<CheckDocument> => {
  const world = makeWorld(AbortSignal.any([signal, AbortSignal.timeout(MAX_CHECK_SECONDS * 1000)]));
  const startedAt = world.now();
  const begun = world.monotonic();
  const report = await attempt(category, subject, world);
  return documentOf(category, report, startedAt, world.monotonic() - begun);
};
