import { ENDS, MOVES } from "../src/core/moves.ts";

/** `docs/states.md`: every legal move, as a picture and as a table, from the one list that the operator obeys. */
export function statesPage(): string {
  const states = [...new Set(MOVES.flatMap(({ from, to }) => [from, to]))].filter((state) => state !== "");
  const picture = MOVES.map(({ from, to, when }) => `  ${from === "" ? "[*]" : from} --> ${to}: ${when}`);
  const ends = ENDS.filter((end) => end !== "Deleted").map((end) => `  ${end} --> [*]`);
  const width = Math.max(...states.map((state) => state.length));
  const table = MOVES.map(
    ({ from, to, when }) => `| ${(from === "" ? "-" : from).padEnd(width)} | ${to.padEnd(width)} | ${when} |`,
  );
  return `# States of an update

<!-- Written by \`npm run generate\` from src/core/moves.ts. -->

A step is an update, a tier or a target: all move by the same table, and a parent is the fold of its children. Each move is one
DeploymentRecord. Nothing else can be written: a move that is not here is refused by the operator itself.

\`\`\`mermaid
stateDiagram-v2
${[...picture, ...ends].join("\n")}
\`\`\`

| ${"from".padEnd(width)} | ${"to".padEnd(width)} | when |
|${"-".repeat(width + 2)}|${"-".repeat(width + 2)}|---|
${table.join("\n")}

From every state an update can become **Deleted**, when its Deployment is deleted: what it held is let go, and nothing is undone. Nothing
follows ${ENDS.slice(0, -1).join(", ")} and Deleted. A tier has passed when all of its targets have; an update has passed with its last tier.
`;
}
