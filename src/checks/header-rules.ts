/** One thing a scan has found, under the id by which `security.allow` accepts it. */
export interface Finding {
  readonly id: string;
  readonly sentence: string;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const HALF_A_YEAR_SECONDS = 15_552_000;

/** What makes a header more than present; of others presence is enough. */
const SAFE: Readonly<Record<string, { readonly holds: (value: string) => boolean; readonly wants: string }>> = {
  "strict-transport-security": {
    holds: (value) => Number(/max-age\s*=\s*"?(\d+)/i.exec(value)?.[1] ?? 0) >= HALF_A_YEAR_SECONDS,
    wants: `max-age of at least ${HALF_A_YEAR_SECONDS}`,
  },
  "x-content-type-options": { holds: (value) => /^nosniff$/i.test(value.trim()), wants: "nosniff" },
  "x-frame-options": { holds: (value) => /^(deny|sameorigin)$/i.test(value.trim()), wants: "DENY or SAMEORIGIN" },
  "content-security-policy": {
    holds: (value) => !/'unsafe-eval'/i.test(value),
    wants: "a policy without 'unsafe-eval'",
  },
  "referrer-policy": { holds: (value) => !/unsafe-url/i.test(value), wants: "anything but unsafe-url" },
};

export const headerFindings = (headers: Headers, required: readonly string[]): readonly Finding[] =>
  required.flatMap((given) => {
    const name = given.toLowerCase();
    const value = first(headers[name]);
    if (value === undefined || value.trim() === "")
      return [{ id: `header/${name}`, sentence: `header ${name} is missing` }];
    const safe = SAFE[name];
    return safe === undefined || safe.holds(value)
      ? []
      : [{ id: `header/${name}`, sentence: `header ${name} is not safe: it wants ${safe.wants}` }];
  });

/** Findings about cookies name the cookie and never its value. */
export const cookieFindings = (headers: Headers): readonly Finding[] =>
  [headers["set-cookie"] ?? []].flat().flatMap((cookie) => {
    const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
    const name = (pair.split("=")[0] ?? "").replaceAll(/[^A-Za-z0-9!#$%&'*+.^_|~-]/g, "?").slice(0, 64);
    const has = (pattern: RegExp): boolean => attributes.some((attribute) => pattern.test(attribute));
    const missing = [
      ...(has(/^secure$/i) ? [] : ["Secure"]),
      ...(has(/^httponly$/i) ? [] : ["HttpOnly"]),
      ...(has(/^samesite\s*=\s*(lax|strict)$/i) ? [] : ["SameSite=Lax or Strict"]),
    ];
    return missing.length === 0
      ? []
      : [{ id: `cookie/${name}`, sentence: `cookie ${name} lacks ${missing.join(", ")}` }];
  });

const BANNERS = ["server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator", "via"];

/** A product name alone helps nobody; its version tells which attack fits. */
export const bannerFindings = (headers: Headers): readonly Finding[] =>
  BANNERS.flatMap((name) => {
    const value = first(headers[name]) ?? "";
    const tells = name === "via" ? /\/\d+\.\d+\.\d+/.test(value) : /\d+(\.\d+)+|\/\d+/.test(value);
    return tells ? [{ id: `banner/${name}`, sentence: `header ${name} tells a version` }] : [];
  });
