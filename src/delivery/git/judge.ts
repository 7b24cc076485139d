import { refusalOf, refusalOfHost, type AddressRules } from "../../dial/address-rules.ts";
import type { Remote } from "./remote.ts";
import { GitTrouble } from "./trouble.ts";

/** The addresses of the host, judged; these very ones are given to Git, so that no second answer of a resolver comes in between. */
export async function judgedAddresses(rules: AddressRules, { host, port, url }: Remote): Promise<readonly string[]> {
  const itself = refusalOfHost(rules, host, port);
  if (itself !== undefined) throw new GitTrouble("AddressRefused", itself.message);
  const found = await new Promise<readonly string[]>((resolve, reject) => {
    rules.resolve(host, { all: true }, (error, answers) =>
      error === null ? resolve(answers.map(({ address }) => address)) : reject(error),
    );
  }).catch(() => []);
  if (found.length === 0) throw new GitTrouble("Unreachable", `${url} cannot be reached: ${host} has no address.`);
  for (const address of found) {
    const refusal = refusalOf(rules, host, { address, port });
    if (refusal !== undefined) throw new GitTrouble("AddressRefused", refusal.message);
  }
  return found;
}
