import { EXIT } from "./exit.ts";
import { UPDATES } from "./kinds.ts";
import { fleetOf, ofTier } from "./lookup.ts";
import { machine, type Output } from "./output.ts";
import { orderedTargets, serversTable } from "./servers-table.ts";
import type { Session } from "./session.ts";

/** Every place updates are delivered to, and how it is. */
export async function servers(session: Session, { output }: { readonly output?: Output }): Promise<number> {
  const { client, screen, namespace, deploy } = session;
  const fleet = await fleetOf(session);
  if (output !== undefined) {
    machine(screen, orderedTargets(fleet), output, true);
    return EXIT.good;
  }
  if (orderedTargets(fleet).length === 0) screen.print(`No server is configured in namespace ${namespace}.`);
  else {
    const { items: updates } = await client.list(UPDATES, { namespace });
    for (const line of serversTable(fleet, updates, screen)) screen.print(line);
  }
  const missing = (["public", "omega"] as const).find((tier) => ofTier(fleet, tier).length === 0);
  if (missing !== undefined) screen.print(`Next: ${screen.paint.bold(deploy(`configure ${missing} <url> <name>`))}`);
  return EXIT.good;
}
