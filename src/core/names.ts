const SHOWN = 5;

/** The names of some targets for a sentence that has to stay one: a fleet would not fit. */
export function namesOf(targets: readonly { readonly metadata: { readonly name: string } }[]): string {
  const shown = targets.slice(0, SHOWN).map(({ metadata }) => metadata.name);
  return [...shown, ...(targets.length > SHOWN ? [`and ${targets.length - SHOWN} more`] : [])].join(", ");
}
