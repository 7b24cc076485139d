import { text } from "node:stream/consumers";
import type { Assignment } from "../../src/delivery/assignment.ts";
import { gitDeliverer } from "../../src/delivery/git/deliverer.ts";
import { createCommitSeal } from "../../src/delivery/git/seal.ts";
import type { GitPlace } from "../../src/delivery/git/target.ts";
import { addressRules } from "../../src/dial/address-rules.ts";
import { parseSigningKey } from "../../src/licence/keys.ts";

/** A process of its own that delivers once, so that it can be killed: what it shall do comes on its standard input. */
const { folder, place, assignment, orderKey } = JSON.parse(await text(process.stdin)) as {
  readonly folder: string;
  readonly place: GitPlace;
  readonly assignment: Assignment;
  /** A private JWK. */
  readonly orderKey: string;
};
const addresses = addressRules({ allow: ["127.0.0.0/8"], remedy: () => "" });
const seal = await createCommitSeal(await parseSigningKey(orderKey));
const deliverer = gitDeliverer({ folder, addresses, now: Date.now, seal });
const answer = await deliverer.deliver(place, assignment, new AbortController().signal);
await deliverer.close();
process.stdout.write(JSON.stringify(answer));
