import { isServer, type Target } from "./kinds.ts";
import { shownAs } from "./names.ts";
import type { Say } from "./next.ts";
import { No } from "./no.ts";
import { quoted } from "./quoted.ts";

const canonical = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : (URL.parse(url)?.href.replace(/\/$/, "") ?? url);

/** One address is one target: under a second name it would be updated twice. A name that is new is most often a typo. */
export function refuseSameAddress(
  wanted: { readonly name: string; readonly kind: string; readonly url: string },
  targets: readonly Target[],
  deploy: Say,
): void {
  const has = ({ kind, metadata }: Target): boolean => kind === wanted.kind && metadata.name === wanted.name;
  const same = (target: Target): boolean => canonical(target.spec.url) === canonical(wanted.url);
  // What stands so already is still changed in everything else.
  if (targets.some((target) => has(target) && same(target))) return;
  const other = targets.find((target) => !has(target) && same(target));
  if (other === undefined) return;
  const place = isServer(other) ? other.spec.tier.toLowerCase() : "mainframe";
  throw new No(`${shownAs(other)} has this URL already; did you mean it? Nothing was changed.`, {
    next: [deploy(`configure ${place} ${quoted(wanted.url)} ${quoted(shownAs(other))}`)],
  });
}
