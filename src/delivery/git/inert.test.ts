import { describe, expect, test } from "vitest";
import { inert } from "./inert.ts";

const BREAK = "\u200b";

describe("what an author wrote commands nothing of the host", () => {
  test.each([
    ["a pipeline that is skipped", "Fix [skip ci]", /\[(skip ci|ci skip|no ci|skip actions|actions skip)\]/i],
    ["a pipeline that is skipped in other words", "Fix [CI Skip]", /\[ci skip\]/i],
    ["a pipeline that is skipped, as Azure has it", "***NO_CI***", /\*\*\*NO_CI\*\*\*/],
    ["checks that are skipped", "skip-checks: true", /skip-checks:/],
    ["an issue that is closed", "Closes #1", /#\d/],
    ["an issue elsewhere that is closed", "fixes other/repository#12, GH-3", /#\d|GH-\d/],
    ["an issue that is closed by its link", "Resolves https://github.com/a/b/issues/1", /https?:\/\//],
    ["people who are told", "Ask @acme/admins", /@\w/],
    ["a merge request", "See !7", /!\d/],
    ["a command of GitLab", "/merge", /^\/\w/],
    ["a picture that tells who reads", "![x](https://spy.example/x.png) <img src=x>", /!\[|:\/\/|<\w/],
  ])("%s", (_, text, acts) => {
    expect(text).toMatch(acts);
    const said = inert(text);
    expect(said).not.toMatch(acts);
    expect(said.replaceAll(BREAK, "")).toBe(text);
  });

  test("other words stay as they are", () => {
    for (const text of ["Critical security fixes", "Shop 2.0.0: 50 % faster, mail us (a/b) #", "GH and skip; x * y"])
      expect(inert(text)).toBe(text);
  });
});
