import { expect, test } from "vitest";
import { type Column, table, wrapped } from "./table.ts";

interface Row {
  readonly id: string;
  readonly phase: string;
  readonly age: string;
  readonly message: string;
}
const columns: readonly Column<Row>[] = [
  { title: "ID", of: ({ id }) => id },
  { title: "PHASE", of: ({ phase }) => phase, leave: 1 },
  { title: "AGE", of: ({ age }) => age, leave: 2 },
];
const rows: readonly Row[] = [
  {
    id: "security-patch-001",
    phase: "AwaitingApproval",
    age: "3m",
    message: "omega waits for 1 more approval of somebody",
  },
  { id: "two", phase: "Held", age: "12d", message: "the check\nfailed" },
];
const text = { title: "MESSAGE", of: ({ message }: Row) => message };

test("rows stand under their titles", () => {
  expect(table(columns, rows, 80)).toEqual([
    "ID                  PHASE             AGE",
    "security-patch-001  AwaitingApproval  3m",
    "two                 Held              12d",
  ]);
});

test("on a narrow screen what matters least is left out first", () => {
  expect(table(columns, rows, 40)[0]).toBe("ID                  PHASE");
  expect(table(columns, rows, 20)[0]).toBe("ID");
});

test("a text is wrapped beside its row where there is room, and stands below it where there is none", () => {
  expect(table(columns, rows, 80, text)).toEqual([
    "ID                  PHASE             AGE  MESSAGE",
    "security-patch-001  AwaitingApproval  3m   omega waits for 1 more approval of",
    "                                           somebody",
    "two                 Held              12d  the check failed",
  ]);
  const below = table(columns, rows, 50, text);
  expect(below[2]).toBe("    omega waits for 1 more approval of somebody");
  expect(Math.max(...below.map((line) => line.length))).toBeLessThanOrEqual(50);
});

test("a command is never broken, however narrow the screen is", () => {
  expect(wrapped("omega waits for one more approval. Next: deploy approve security-patch-001", 30)).toEqual([
    "omega waits for one more",
    "approval.",
    "Next: deploy approve security-patch-001",
  ]);
  expect(wrapped("it opens when that one ended; see kubectl get adep -n raos", 30)).toEqual([
    "it opens when that one ended;",
    "see kubectl get adep -n raos",
  ]);
  expect(wrapped("Next: deploy approve x", 80)).toEqual(["Next: deploy approve x"]);
  expect(wrapped("what deploy does is said in words", 20)).toEqual(["what deploy does is", "said in words"]);
});

test("colour takes no room", () => {
  const [, first] = table(
    [{ ...columns[0], paint: (cell: string) => `<${cell}>` } as Column<Row>, ...columns.slice(1)],
    rows,
    80,
  );
  expect(first).toBe("<security-patch-001>  AwaitingApproval  3m");
});
