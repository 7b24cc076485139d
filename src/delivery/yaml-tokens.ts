import { CST, Lexer } from "yaml";

/**
 * Whether YAML is made of more words and signs than this. Asked before it is parsed: the parser takes a kilobyte for each of them, this one nothing, and it
 * stops at the bound.
 */
export function hasMoreTokens(text: string, most: number): boolean {
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    // This one only says that the next one is a scalar.
    if (token === CST.SCALAR) continue;
    tokens += 1;
    if (tokens > most) return true;
  }
  return false;
}
