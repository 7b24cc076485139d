import { describe, expect, it } from "vitest";
import { parseDatabaseUrl } from "./database-url.ts";

describe("the URL of a database", () => {
  it.each([
    ["postgres://ra:s3cret@db:5432/items", "s3cret"],
    ["postgresql://ra:p%40ss%2Fw0rd@db/items", "p@ss/w0rd"],
    ["postgresql://ra:p%40ss%2Fw0rd@db/items", "p%40ss%2Fw0rd"],
    ["postgres://ra@db/items?password=in-the-query", "in-the-query"],
    ["postgres://ra:ab%@db/items", "ab%"],
    ["postgres://ra:ab%25@db/items", "ab%25"],
    ["postgres://ra:s3cret%3F%3E@db/items", Buffer.from("s3cret?>").toString("base64")],
    ["postgres://ra:s3cret%3F%3E@db/items", Buffer.from("s3cret?>").toString("base64url")],
    ["postgres://ra:s3cret@db/items", Buffer.from("s3cret").toString("hex")],
  ])("%s never shows its password", (text, secret) => {
    const url = parseDatabaseUrl(text);
    expect(url?.where).not.toContain(secret);
    expect(url?.hide(`role says ${secret} is wrong, twice ${secret}`)).toBe("role says *** is wrong, twice ***");
  });

  it("names host and database", () => {
    expect(parseDatabaseUrl(" postgres://ra:x@db:5432/items\n")?.where).toBe("database db:5432/items");
  });

  it.each(["", "db:5432", "mysql://a:b@c/d", "not a url", "file:///etc/passwd"])("is refused when it is %j", (text) => {
    expect(parseDatabaseUrl(text)).toBeUndefined();
  });
});
