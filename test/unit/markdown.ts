/** The fenced code blocks of one language, in order. */
export const codeBlocks = (text: string, language: string): readonly string[] =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, lang]) => lang === language)
    .map(([, , body = ""]) => body);

/** The commands that a document tells people to run, one line each. */
export const commandsIn = (text: string): readonly string[] =>
  codeBlocks(text, "sh")
    .flatMap((block) => block.split("\n").map((line) => line.trim()))
    .filter((line) => line !== "" && !line.startsWith("#"));
