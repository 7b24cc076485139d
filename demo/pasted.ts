import { fileURLToPath } from "node:url";
import type { Person, Scene } from "./scene.ts";

/** Where a shell has to stand for what is printed to work as it is pasted, and for npm to know our scripts. */
export const CHECKOUT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** A path as a shell in the checkout reads it between double quotes: short enough for a line. */
export const fromCheckout = (path: string): string =>
  path.startsWith(`${CHECKOUT}/`) ? `$PWD${path.slice(CHECKOUT.length)}` : path;

export const kubeconfigOf = ({ people }: Scene, person: Person): string =>
  `KUBECONFIG="${fromCheckout(people[person])}"`;

export const pathWith = ({ programs }: Scene): string => `PATH="${fromCheckout(programs)}:$PATH"`;
