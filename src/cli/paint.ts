/** Colour for people: only on a terminal, and never against NO_COLOR. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly wait: (text: string) => string;
}

const code =
  (on: boolean, open: number, close: number) =>
  (text: string): string =>
    on && text !== "" ? `\u001b[${open}m${text}\u001b[${close}m` : text;

export const paintWhen = (on: boolean): Paint => ({
  bold: code(on, 1, 22),
  dim: code(on, 2, 22),
  good: code(on, 32, 39),
  bad: code(on, 31, 39),
  wait: code(on, 33, 39),
});

export const wantsColour = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
