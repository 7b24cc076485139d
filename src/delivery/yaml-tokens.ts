import { CST, Lexer } from "yaml";

/**
 * How many words and signs YAML is made of, counted up to one more than `most`. Asked before it is parsed: the parser takes a kilobyte for each of them, this
 * one nothing.
 */
export function tokensIn(text: string, most: number): number {
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    // This one only says that the next one is a scalar.
    if (token === CST.SCALAR) continue;
    tokens += 1;
    if (tokens > most) break;
  }
  return tokens;
}
