import type { LookupFunction } from "node:net";
import { refusalOf, type AddressRules } from "./address-rules.ts";

/**
 * A `lookup` for sockets: what it answers is what is connected to, so no second answer of a resolver comes in between. A name
 * is refused when any of its addresses is; which of them the socket would take is not known here.
 */
export const judgedLookup =
  (rules: AddressRules, port: number): LookupFunction =>
  (hostname, { all, family, hints }, done) => {
    rules.resolve(hostname, { all: true, family, hints }, (error, found) => {
      if (error !== null) return done(error, []);
      const [first] = found;
      if (first === undefined)
        return done(Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" }), []);
      for (const { address } of found) {
        const refusal = refusalOf(rules, hostname, { address, port });
        if (refusal !== undefined) return done(refusal, []);
      }
      if (all === true) return done(null, found);
      return done(null, first.address, first.family);
    });
  };
