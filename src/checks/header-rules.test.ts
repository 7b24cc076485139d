import { describe, expect, it } from "vitest";
import { bannerFindings, cookieFindings, headerFindings } from "./header-rules.ts";

const ids = (findings: readonly { readonly id: string }[]): readonly string[] => findings.map(({ id }) => id);

describe("required headers", () => {
  it.each([
    ["strict-transport-security", "max-age=31536000; includeSubDomains", true],
    ["Strict-Transport-Security", "MAX-AGE = 15552000", true],
    ["strict-transport-security", "max-age=300", false],
    ["strict-transport-security", "includeSubDomains", false],
    ["x-content-type-options", "nosniff", true],
    ["x-content-type-options", "sniff", false],
    ["x-frame-options", "SAMEORIGIN", true],
    ["x-frame-options", "ALLOW-FROM https://x", false],
    ["content-security-policy", "default-src 'self'", true],
    ["content-security-policy", "script-src 'unsafe-eval'", false],
    ["referrer-policy", "unsafe-url", false],
    ["permissions-policy", "camera=()", true],
    ["permissions-policy", " ", false],
  ])("%s: %s is safe: %s", (name, value, safe) => {
    expect(ids(headerFindings({ [name.toLowerCase()]: value }, [name]))).toEqual(
      safe ? [] : [`header/${name.toLowerCase()}`],
    );
  });

  it("that are missing are named", () => {
    expect(headerFindings({}, ["X-Frame-Options"])).toEqual([
      { id: "header/x-frame-options", sentence: "header x-frame-options is missing" },
    ]);
  });
});

describe("cookies", () => {
  it.each([
    ["sid=1; Secure; HttpOnly; SameSite=Lax", undefined],
    ["sid=1; secure; httponly; samesite = strict; Path=/", undefined],
    ["sid=1; HttpOnly; SameSite=Lax", "cookie sid lacks Secure"],
    ["sid=1; Secure; SameSite=Lax", "cookie sid lacks HttpOnly"],
    ["sid=1; Secure; HttpOnly; SameSite=None", "cookie sid lacks SameSite=Lax or Strict"],
    ["sid=Secure; x=HttpOnly", "cookie sid lacks Secure, HttpOnly, SameSite=Lax or Strict"],
  ])("%s", (cookie, sentence) => {
    expect(cookieFindings({ "set-cookie": [cookie] }).map((finding) => finding.sentence)).toEqual(
      sentence === undefined ? [] : [sentence],
    );
  });

  it("are named, and their value never is", () => {
    const [finding] = cookieFindings({ "set-cookie": ["s\u0007 id=t0ken"] });
    expect(finding?.id).toBe("cookie/s??id");
    expect(JSON.stringify(finding)).not.toContain("t0ken");
  });
});

describe("banners", () => {
  it.each([
    ["server", "nginx/1.25.3", true],
    ["server", "cloudflare", false],
    ["server", "Apache/2", true],
    ["x-powered-by", "Express", false],
    ["x-powered-by", "PHP/8.2.1", true],
    ["x-aspnet-version", "4.0.30319", true],
    ["via", "1.1 varnish", false],
    ["via", "1.1 proxy (squid/5.7.1)", true],
  ])("%s: %s tells a version: %s", (name, value, tells) => {
    expect(ids(bannerFindings({ [name]: value }))).toEqual(tells ? [`banner/${name}`] : []);
  });
});
