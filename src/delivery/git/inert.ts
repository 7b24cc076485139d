/**
 * What a program takes for a command to itself in the words of a commit or a pull request: `[skip ci]`, `***NO_CI***`, `skip-checks: true`, `Closes #1`,
 * `fixes GH-1`, a link to an issue, `@team`, `!1`, `/merge` at the beginning, a picture that is fetched.
 */
const ACTS = /^\/|[@#[!](?=\S)|:(?=\/\/)|\bGH(?=-\d)|\*(?=\*)|\bskip(?=-checks)|<(?=\S)/giu;

/** The same words for people, with a break of no width where a program would read more: whoever describes an update commands nothing of the host. */
export const inert = (text: string): string => text.replace(ACTS, "$&\u200b");
